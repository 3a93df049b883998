import { accountNames } from '../../app/accounts/register.ts'
import { foldPassword, weaknessOf } from '../../app/auth/passwords.ts'
import type { Field } from './define.ts'
import { text } from './text.ts'

/** The current password of an account: any text. */
export const password = (): Field<string> => (chain) =>
  text()(chain).isLength({ min: 1 }).withMessage('must not be empty')

/** A new password. It must be strong enough and must not be a name of the account. */
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

/** A password, or the digest that clients of earlier services send instead. */
export const passwordOrDigest = (): Field<string> => (chain) =>
  password()(chain).bail().customSanitizer(foldPassword)
