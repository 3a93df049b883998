import { EMAIL } from '../models/user.ts'
import { type Field, optional, rules } from './rules/define.ts'
import { page } from './rules/page.ts'
import { newPassword, password } from './rules/password.ts'
import { countryOfMobile, phoneLogin } from './rules/phone.ts'
import { profile, username } from './rules/profile.ts'
import { text, textField } from './rules/text.ts'

/** Required without an email. With an email, the default username is derived from it. */
const usernameWithoutEmail: Field<string | undefined> = (chain) =>
  username()(chain.if((value: unknown, { req }) => value !== undefined || !req.body?.email))

/** An empty password is refused, even where a missing one is not: it must not create an account key. */
const PASSWORD_REQUIRED = { keep: ['password'] }

export const register = rules({
  body: { username: usernameWithoutEmail, password: optional(newPassword()), ...profile },
  across: [countryOfMobile()],
  empty: PASSWORD_REQUIRED,
})

/** The login in the form that `findForSignIn` takes, from the one name that the client gave. */
const loginName: Field<string> = (chain) =>
  textField({ ...EMAIL, trims: true, asSent: true })(
    chain.customSanitizer((_value, { req }) => foldName(req.body ?? {})),
  ).withMessage('must be exactly one of: login, username, email, or mobile with countryCode')

export const login = rules({
  body: {
    username: optional(text()),
    email: optional(text()),
    mobile: optional(text()),
    countryCode: optional(text()),
    login: loginName,
    password: password(),
  },
  empty: PASSWORD_REQUIRED,
})

/** Returns the one given name in the form that `findForSignIn` takes; undefined unless exactly one is given. */
function foldName({ login, username, email, mobile, countryCode }: Record<string, unknown>): unknown {
  if ((mobile === undefined) !== (countryCode === undefined)) return undefined
  const phone = mobile === undefined ? undefined : phoneLogin({ mobile, countryCode })
  const given = [login, username, email, phone].filter((name) => name !== undefined)
  return given.length === 1 ? given[0] : undefined
}

export const changePassword = rules({ body: { current: password(), password: newPassword() } })

export const sessions = rules({ query: page() })
