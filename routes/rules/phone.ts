import { body, type ValidationChain } from 'express-validator'
import { COUNTRY_CODE, MOBILE } from '../../models/user.ts'
import type { Field } from './define.ts'
import { text } from './text.ts'

export const mobile = (): Field<string> => (chain) =>
  text()(chain).matches(MOBILE).withMessage('must be 4 to 14 digits')

export const countryCode = (): Field<string> => (chain) =>
  text()(chain).customSanitizer(withoutPlus).matches(COUNTRY_CODE).withMessage('must be 1 to 3 digits')

/** A mobile number can be told from others only with its country. */
export const countryOfMobile = (): ValidationChain =>
  body('countryCode')
    .if((_value, { req }) => req.body?.mobile)
    .custom((value) => value !== undefined && value !== null)
    .withMessage('is needed with a mobile number')

/** Returns a telephone number as `findForSignIn` takes it. The fields can be anything: rules check them apart. */
export const phoneLogin = ({ mobile, countryCode }: Record<string, unknown>) =>
  `+${withoutPlus(asText(countryCode))}-${asText(mobile)}`

const asText = (value: unknown) => (typeof value === 'string' ? value : '')

function withoutPlus(code: string): string {
  return code.replace(/^\+/, '')
}
