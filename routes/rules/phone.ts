import { body, type ValidationChain } from 'express-validator'
import { COUNTRY_CODE, MOBILE } from '../../models/user.ts'
import type { Field } from './define.ts'
import { text } from './text.ts'

export const mobile = (): Field<string> => (chain) =>
  text()(chain).matches(MOBILE).withMessage('must be 4 to 14 digits')

export const countryCode = (): Field<string> => (chain) =>
  text()(chain).customSanitizer(withoutPlus).matches(COUNTRY_CODE).withMessage('must be 1 to 3 digits')

/** Requires a country code with a mobile number, because the number alone is not unique. */
export const countryOfMobile = (): ValidationChain =>
  body('countryCode')
    .if((_value, { req }) => req.body?.mobile)
    .custom((value) => value !== undefined && value !== null)
    .withMessage('is required with a mobile number')

/** Returns a telephone number in the form that `findForSignIn` takes. Other rules check the fields. */
export const phoneLogin = ({ mobile, countryCode }: Record<string, unknown>) =>
  `+${withoutPlus(asText(countryCode))}-${asText(mobile)}`

const asText = (value: unknown) => (typeof value === 'string' ? value.trim() : '')

function withoutPlus(code: string): string {
  return code.replace(/^\+/, '')
}
