import { NAME, TAG, TAGS } from '../../models/asset.ts'
import { force } from '../assets.rules.ts'
import { checked, type Field, objectOf, optional, rules } from '../rules/define.ts'
import { tagList } from '../rules/fields.ts'
import { newPasswordOrDigest, password } from '../rules/password.ts'
import { email } from '../rules/profile.ts'
import { nameField } from '../rules/text.ts'

/** A field that can be absent; an empty one and null count as absent. */
const filled =
  <Value>(field: Field<Value>): Field<Value | undefined> =>
  (chain) =>
    field(chain.optional({ values: 'falsy' }))

const described = { title: filled(nameField(NAME)), tag: filled(tagList({ ...TAGS, each: TAG })) }

const confirmation = checked(
  newPasswordOrDigest(),
  (value, { req }) => value === req.body.password,
  'must be the password again',
)

export const signUp = rules({
  body: {
    credentials: objectOf({
      email: email(),
      password: newPasswordOrDigest(),
      password_confirmation: confirmation,
    }),
  },
  takesOthers: true,
})

export const signIn = rules({
  body: { credentials: objectOf({ email: email({ asSent: true }), password: password() }) },
  takesOthers: true,
})

export const changePassword = rules({
  body: { passwords: objectOf({ old: password(), new: newPasswordOrDigest() }) },
  takesOthers: true,
})

/** For routes without fields. Clients can send parameters, such as the `_` of requests that jQuery does not cache. */
export const noFields = rules({ takesOthers: true })

/** Clients send the fields in an object of one of these names, or without one. */
const nested = optional(objectOf(described))
export const collection = rules({
  body: { ...described, image: nested, collection: nested, upload: nested },
  takesOthers: true,
})

export const remove = rules({ query: { force }, takesOthers: true })
