import { body, type ValidationChain } from 'express-validator'
import { foldPassword } from '../../app/auth/fold-password.ts'
import { text } from './text.ts'

/** A password that somebody has: any text. Whether a new one is good enough is for `app/auth/password-policy.ts`. */
export const password = (chain = body('password')): ValidationChain =>
  text(chain).isLength({ min: 1 }).withMessage('must not be empty')

/** A password, or a digest that a former service's client sends in its place. */
export const passwordOrDigest = (chain?: ValidationChain): ValidationChain =>
  password(chain).bail().customSanitizer(foldPassword)
