import { EMAIL, NAME, PROFILE_PHOTO, SETTINGS, USERNAME } from '../../models/user.ts'
import { checked, clearable, type Field, nullable } from './define.ts'
import { boolean } from './fields.ts'
import { countryCode, mobile } from './phone.ts'
import { nameField, textField } from './text.ts'

/** The name of a new account. */
export const username = (): Field<string> => (chain) =>
  textField({ ...USERNAME, trims: true })(chain)
    .matches(USERNAME.pattern)
    .withMessage('can only have letters, digits, dots, underscores and hyphens')

/** @param form `asSent` for the email address of a sign-in */
export const email =
  (form: { asSent?: boolean } = {}): Field<string> =>
  (chain) =>
    textField({ ...EMAIL, ...form, trims: true })(chain)
      .isEmail()
      .withMessage('must be an email address')

export const names = {
  name: nullable(nameField(NAME)),
  firstName: nullable(nameField(NAME)),
  lastName: nullable(nameField(NAME)),
}

/** Name and contact fields. Each can be absent or null. */
export const profile = {
  email: nullable(email()),
  ...names,
  countryCode: nullable(countryCode()),
  mobile: nullable(mobile()),
}

export const photo = nullable(
  checked(
    textField(PROFILE_PHOTO),
    (value) => URL.canParse(value) && new URL(value).protocol === 'https:',
    'must be an https address',
  ),
)

/** A change of the settings, a JSON object of at most `SETTINGS.maxBytes`. Returns its text. */
const settings: Field<string> = (chain) =>
  chain
    .custom((value) => typeof value === 'object' && !Array.isArray(value))
    .withMessage('must be a JSON object')
    .bail()
    .customSanitizer((value: object) => JSON.stringify(value))
    .custom((value: string) => Buffer.byteLength(value) <= SETTINGS.maxBytes)
    .withMessage(`must have at most ${SETTINGS.maxBytes} bytes`)

/** Fields that can be set after registration only. */
export const preferences = {
  profilePhoto: photo,
  discoverable: clearable(boolean(), false),
  settings: nullable(settings),
}
