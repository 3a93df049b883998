import { body, type ValidationChain } from 'express-validator'
import { foldPassword } from '../../app/auth/fold-password.ts'
import { COUNTRY_CODE, EMAIL, MOBILE } from '../../models/user-fields.ts'
import { text, textField } from '../rules/text.ts'

/** A password, or a digest that an old client sends in its place. */
export const passwordOrDigest = (chain = body('password')): ValidationChain =>
  text(chain).isLength({ min: 1 }).withMessage('must not be empty').bail().customSanitizer(foldPassword)

export const email = (chain = body('email')): ValidationChain =>
  textField(chain, EMAIL).isEmail().withMessage('must be an email address')

export const mobile = (): ValidationChain =>
  text(body('mobile')).matches(MOBILE).withMessage('must be 4 to 14 digits')

export const countryCode = (chain = body('countryCode')): ValidationChain =>
  text(chain)
    .customSanitizer((value: string) => value.replace(/^\+/, ''))
    .matches(COUNTRY_CODE)
    .withMessage('must be 1 to 3 digits')
