import { body, type ValidationChain } from 'express-validator'
import { EMAIL, NAME, PROFILE_PHOTO, SETTINGS, USERNAME } from '../../models/user.ts'
import { countryCode, mobile } from './phone.ts'
import { nameField, nullable, textField } from './text.ts'

/** The name of a new account. */
export const username = (chain = body('username')): ValidationChain =>
  textField(chain, USERNAME)
    .matches(USERNAME.pattern)
    .withMessage('may hold letters, digits, dots, underscores and hyphens')

export const email = (chain = body('email')): ValidationChain =>
  textField(chain, EMAIL).isEmail().withMessage('must be an email address')

export const names = () =>
  ['name', 'firstName', 'lastName'].map((field) => nameField(nullable(body(field)), NAME))

/** How one is called and can be reached; each may be absent, or null. */
export const profile = () => [
  email(nullable(body('email'))),
  ...names(),
  countryCode(nullable(body('countryCode'))),
  mobile(nullable(body('mobile'))),
]

export const photo = () =>
  textField(nullable(body('profilePhoto')), PROFILE_PHOTO)
    .custom((value: string) => URL.canParse(value) && new URL(value).protocol === 'https:')
    .withMessage('must be an https address')

/** What is set once the account is there. */
export const preferences = () => [
  photo(),
  body('discoverable')
    .optional()
    .custom((value) => typeof value === 'boolean')
    .withMessage('must be true or false'),
  body('settings')
    .optional()
    .custom((value) => typeof value === 'object' && !Array.isArray(value))
    .withMessage('must be a JSON object')
    .bail()
    .customSanitizer((value: object | null) => JSON.stringify(value ?? {}))
    .custom((value: string) => Buffer.byteLength(value) <= SETTINGS.maxBytes)
    .withMessage(`must have at most ${SETTINGS.maxBytes} bytes`),
]
