import { query } from 'express-validator'
import { wholeNumber } from './fields.ts'
import { text } from './text.ts'

const LIMIT = { default: 20, min: 1, max: 100 }

/** `limit` and `cursor` of a list (contract §1). */
export const page = () => [
  wholeNumber(query('limit').default(String(LIMIT.default)), LIMIT),
  text(query('cursor').optional({ values: 'falsy' })),
]
