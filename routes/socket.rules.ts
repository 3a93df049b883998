import { body } from 'express-validator'
import { create as asset, search } from './assets.rules.ts'
import { login, register } from './auth.rules.ts'
import { text } from './rules/text.ts'

/** The arguments of the socket's operations: the rules of the routes that do the same. */

export { login, register as create, search as list }

export const auth = [text(body('token'))]

export const get = [text(body('id'))]

export const remove = [
  ...get,
  body('force')
    .optional()
    .custom((value) => typeof value === 'boolean')
    .withMessage('must be true or false'),
]

export const upload = [
  text(body('name')),
  ...asset,
  body('size')
    .custom((value) => Number.isSafeInteger(value) && value >= 0)
    .withMessage('must be a whole number of bytes'),
]
