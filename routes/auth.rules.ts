import { body } from 'express-validator'
import { EMAIL } from '../models/user.ts'
import { page } from './rules/page.ts'
import { newPassword, password } from './rules/password.ts'
import { countryOfMobile, phoneLogin } from './rules/phone.ts'
import { profile, username } from './rules/profile.ts'
import { text, textField } from './rules/text.ts'

export const register = [
  // without an email, from which one could be made, the name is needed
  username(body('username').if((value, { req }) => value !== undefined || !req.body?.email)),
  newPassword(body('password').optional()),
  ...profile(),
  countryOfMobile(),
]

/** The names that take the place of `login`. */
const NAMES = ['username', 'email', 'mobile', 'countryCode']

export const login = [
  ...NAMES.map((name) => text(body(name).optional())),
  textField(
    body('login').customSanitizer((_value, { req }) => foldName(req.body ?? {})),
    EMAIL,
  ).withMessage('must be given once: login, username, email, or mobile with countryCode'),
  password(),
]

/** One name from whichever the caller gave, in the form of `findForSignIn`; undefined unless it is exactly one. */
function foldName({ login, username, email, mobile, countryCode }: Record<string, unknown>): unknown {
  if ((mobile === undefined) !== (countryCode === undefined)) return undefined
  const phone = mobile === undefined ? undefined : phoneLogin({ mobile, countryCode })
  const given = [login, username, email, phone].filter((name) => name !== undefined)
  return given.length === 1 ? given[0] : undefined
}

export const changePassword = [password(body('current')), newPassword()]

export const sessions = page()
