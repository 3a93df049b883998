import { accountNames } from '../../app/accounts/register.ts'
import { foldPassword, weaknessOf } from '../../app/auth/passwords.ts'
import type { Field } from './define.ts'
import { text } from './text.ts'

/** A password that an account has: any text. */
export const password = (): Field<string> => (chain) =>
  text()(chain).isLength({ min: 1 }).withMessage('must not be empty')

/** A new password: strong enough, and none of the names of its account, as far as the request tells them. */
export const newPassword = (): Field<string> => (chain) =>
  password()(chain)
    .bail()
    .custom(async (value: string, { req }) => {
      const names = [req.body, req.user].flatMap(namesIn)
      const weakness = await weaknessOf(value, names)
      if (weakness) throw new Error(weakness)
    })

/** Returns the names of an account in unchecked input. */
function namesIn({ username, email }: Record<string, unknown> = {}) {
  return accountNames({
    ...(typeof username === 'string' ? { username } : {}),
    ...(typeof email === 'string' ? { email } : {}),
  })
}

/** A password, or a digest that a former service's client sends in its place. */
export const passwordOrDigest = (): Field<string> => (chain) =>
  password()(chain).bail().customSanitizer(foldPassword)
