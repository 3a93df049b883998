import { NAME } from '../../models/user.ts'
import { force } from '../assets.rules.ts'
import { type Field, nullable, optional, rules } from '../rules/define.ts'
import { WITHOUT_EMPTY } from '../rules/lenient.ts'
import { newPasswordOrDigest, password } from '../rules/password.ts'
import { email } from '../rules/profile.ts'
import { nameField, text } from '../rules/text.ts'

/** Read by `takeToken`. */
const token = optional(text())

/** A field that is checked for anonymous callers only. With a valid token the handler does not read it. */
const ofAnonymous =
  <Value>(field: Field<Value>): Field<Value> =>
  (chain) =>
    field(chain.if((_value: unknown, { req }: { req: object }) => !('user' in req)))

export const create = rules({
  body: { email: email(), name: nullable(nameField(NAME)), password: newPasswordOrDigest() },
  empty: WITHOUT_EMPTY,
})

export const login = rules({
  body: { email: ofAnonymous(email({ asSent: true })), password: ofAnonymous(password()), token },
  query: { token },
  empty: WITHOUT_EMPTY,
})

export const upload = rules({ body: { token }, query: { token }, empty: WITHOUT_EMPTY })

export const remove = rules({
  body: { id: text(), token },
  query: { force, token },
  empty: WITHOUT_EMPTY,
})
