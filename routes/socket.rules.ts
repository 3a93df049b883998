import { NAME } from '../models/asset.ts'
import { described, search } from './assets.rules.ts'
import { login, register } from './auth.rules.ts'
import { type Field, optional, rules } from './rules/define.ts'
import { boolean } from './rules/fields.ts'
import { nameField, text } from './rules/text.ts'

// Rules of the arguments of WebSocket operations. Operations that a route offers too share its rules.

export { login, register as create, search as list }

export const auth = rules({ body: { token: text() } })

export const get = rules({ body: { id: text() } })

export const remove = rules({ body: { id: text(), force: optional(boolean()) } })

const size: Field<number> = (chain) =>
  chain
    .custom((value) => Number.isSafeInteger(value) && value >= 0)
    .withMessage('must be a whole number of bytes')

/** The name of the file. Cleaned, it is also the name of the asset. */
const name: Field<string> = (chain) => nameField(NAME)(text()(chain))

/** The SHA-256 of the bytes, in hex. */
const sha256: Field<string> = (chain) =>
  text()(chain)
    .customSanitizer((value: string) => value.toLowerCase())
    .custom((value: string) => /^[\da-f]{64}$/.test(value))
    .withMessage('must be a SHA-256 in 64 hex digits')

export const upload = rules({ body: { ...described, name, size, sha256: optional(sha256) } })
