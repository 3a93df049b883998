import { body } from 'express-validator'
import {
  COUNTRY_CODE,
  EMAIL,
  MOBILE,
  NAME,
  PROFILE_PHOTO,
  SETTINGS,
  USERNAME,
} from '../../models/user-fields.ts'
import { nullable, text, textField } from './text.ts'

/** The name of a new account. */
export const username = () =>
  textField(body('username'), USERNAME)
    .matches(USERNAME.pattern)
    .withMessage('may hold letters, digits, dots, underscores and hyphens')

/** How one is called and can be reached; each may be absent, or null. */
export const profile = () => [
  textField(nullable(body('email')), EMAIL)
    .isEmail()
    .withMessage('must be an email address'),
  ...['name', 'firstName', 'lastName'].map((field) => textField(nullable(body(field)), NAME)),
  text(nullable(body('countryCode')))
    .customSanitizer((value: string) => value.replace(/^\+/, ''))
    .matches(COUNTRY_CODE)
    .withMessage('must be 1 to 3 digits'),
  text(nullable(body('mobile')))
    .matches(MOBILE)
    .withMessage('must be 4 to 14 digits'),
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
