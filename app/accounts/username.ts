import { randomBytes } from 'node:crypto'
import { asAppError } from '../../models/database-errors.ts'
import { USERNAME } from '../../models/user.ts'

/** Of random names: enough that two are never the same. */
const SUFFIX_BYTES = 4

/** Returns a username like the part of an email address before the @; empty where nothing of it can be one. */
export function usernameLike(email: string): string {
  const [name = ''] = email.split('@')
  const like = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]/g, '')
    .slice(0, USERNAME.max)
  return /[A-Za-z0-9]/.test(like) ? like : ''
}

/** Returns a username that tells nothing about its account. */
const anonymousUsername = () => usernameWith('user')

/**
 * Registers under the wished username, or one like it where that is taken or too short.
 *
 * @throws what `register` throws, but not that the username is taken
 */
export async function registerLike<T>(
  wished: string,
  register: (username: string) => Promise<T>,
): Promise<T> {
  const tooShort = wished.length < USERNAME.min
  for (let username = tooShort ? anonymousUsername() : wished; ; ) {
    try {
      return await register(username)
    } catch (error) {
      if (!isTaken(error, 'username')) throw error
      username = tooShort ? anonymousUsername() : usernameWith(wished)
    }
  }
}

/** Whether something was refused because this field of it is another account's. */
export function isTaken(error: unknown, field: string): boolean {
  const refusal = asAppError(error)
  return refusal?.code === 'taken' && refusal.details.some((detail) => detail.field === field)
}

function usernameWith(beginning: string): string {
  const suffix = randomBytes(SUFFIX_BYTES).toString('hex')
  return `${beginning.slice(0, USERNAME.max - suffix.length - 1)}-${suffix}`
}
