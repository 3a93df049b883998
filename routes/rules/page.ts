import { optionalParameter, withDefault } from './define.ts'
import { wholeNumber } from './fields.ts'
import { text } from './text.ts'

export const LIMIT = { default: 20, min: 1, max: 100 }

/**
 * The query parameters of a list: `limit` and `cursor`.
 *
 * @param standard the default limit
 */
export const page = (standard = LIMIT.default) => ({
  limit: withDefault(wholeNumber(LIMIT), String(standard)),
  cursor: optionalParameter(text()),
})
