import { accountNames } from '../../app/accounts/register.ts'
import { foldPassword, weaknessOf } from '../../app/auth/passwords.ts'
import type { Field } from './define.ts'
import { text } from './text.ts'

const filledText =
  (form: { asSent?: boolean } = {}): Field<string> =>
  (chain) =>
    text(form)(chain).isLength({ min: 1 }).withMessage('must not be empty')

/**
 * The current password of an account: any text, in the Unicode form that the client sent. `readingsOf` returns the
 * passwords that it can mean.
 */
export const password = (): Field<string> => filledText({ asSent: true })

/** A new password. It must be strong enough and must not be a name of the account. */
export const newPassword = (): Field<string> => (chain) =>
  filledText()(chain)
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

/** A new password, or the digest that clients of earlier services send instead. */
export const newPasswordOrDigest = (): Field<string> => (chain) =>
  filledText()(chain).bail().customSanitizer(foldPassword)
