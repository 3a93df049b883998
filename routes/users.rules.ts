import { body, query } from 'express-validator'
import { ACCESS_LEVELS, NAME } from '../models/user.ts'
import { choice } from './rules/fields.ts'
import { page } from './rules/page.ts'
import { password } from './rules/password.ts'
import { preferences, profile } from './rules/profile.ts'
import { textField } from './rules/text.ts'

export const update = [...profile(), ...preferences()]

export const remove = [password()]

export const activity = page()

export const list = [textField(query('q').optional({ values: 'falsy' }), NAME), ...page()]

export const administer = [
  choice(body('access').optional(), ACCESS_LEVELS),
  body('disabled')
    .optional()
    .custom((value) => typeof value === 'boolean')
    .withMessage('must be true or false'),
  // one rule for the whole: with one for a field of it, checkExact would take `space: 5` for no field at all
  body('space')
    .optional()
    .custom(isSpace)
    .withMessage(
      'must be an object of limit (bytes) and fileLimit, each a whole number or null for the default',
    ),
]

function isSpace(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { limit = null, fileLimit = null, ...others } = value as { limit?: unknown; fileLimit?: unknown }
  const isLimit = (one: unknown) => one === null || (Number.isSafeInteger(one) && Number(one) >= 0)
  return (
    isLimit(limit) && isLimit(fileLimit) && Object.keys(value).length > 0 && Object.keys(others).length === 0
  )
}
