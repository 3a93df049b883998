import { body, type ValidationChain } from 'express-validator'
import { text } from './text.ts'

/** A password that somebody has: any text. Whether a new one is good enough is for `app/auth/password-policy.ts`. */
export const password = (field = 'password'): ValidationChain =>
  text(body(field)).isLength({ min: 1 }).withMessage('must not be empty')
