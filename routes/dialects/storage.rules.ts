import { body, query } from 'express-validator'
import { NAME } from '../../models/user.ts'
import * as assets from '../assets.rules.ts'
import { passwordOrDigest } from '../rules/password.ts'
import { email } from '../rules/profile.ts'
import { nameField, nullable, text } from '../rules/text.ts'

/** Read by `takeToken`. */
const token = () => [text(body('token').optional()), text(query('token').optional())]

/** Not asked for where a token has said who one is. */
const unlessKnown = (field: string) =>
  body(field).if((_value: unknown, { req }: { req: object }) => !('user' in req))

export const create = [email(), nameField(nullable(body('name')), NAME), passwordOrDigest()]

export const login = [email(unlessKnown('email')), passwordOrDigest(unlessKnown('password')), ...token()]

export const upload = token()

export const remove = [text(body('id')), ...assets.remove, ...token()]
