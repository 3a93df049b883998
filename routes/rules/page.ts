import { query } from 'express-validator'
import { wholeNumber } from './fields.ts'
import { text } from './text.ts'

export const LIMIT = { default: 20, min: 1, max: 100 }

/**
 * `limit` and `cursor` of a list (contract §1).
 *
 * @param standard the limit where none is given
 */
export const page = (standard = LIMIT.default) => [
  wholeNumber(query('limit').default(String(standard)), LIMIT),
  text(query('cursor').optional({ values: 'falsy' })),
]
