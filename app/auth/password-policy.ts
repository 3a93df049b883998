import { PASSWORD } from '../../models/password.ts'
import { validationFailed } from '../errors.ts'

/**
 * Refuses a password that is too short or long, that is among the most common, or that is a name of its account
 * (OWASP Authentication Cheat Sheet, NIST SP 800-63B §3.1.1.2).
 *
 * @param names of the account
 * @throws validation_failed naming `password`
 */
export async function refuseWeakPassword(
  password: string,
  names: readonly (string | null | undefined)[],
): Promise<void> {
  const message = await weaknessOf(password, names)
  if (message) throw validationFailed([{ field: 'password', message }])
}

/** Returns why a password is refused, in words that complete "The password …"; null for one that is not. */
export async function weaknessOf(
  password: string,
  names: readonly (string | null | undefined)[],
): Promise<string | null> {
  const bytes = Buffer.byteLength(password)
  if (bytes < PASSWORD.min || bytes > PASSWORD.max)
    return `must have ${PASSWORD.min} to ${PASSWORD.max} bytes`
  const folded = password.toLowerCase()
  if (names.some((name) => name?.toLowerCase() === folded)) return 'must not be a name of the account'
  const { commonPasswords } = await import('./common-passwords.ts')
  return commonPasswords.has(folded) ? 'is one of the most common passwords' : null
}
