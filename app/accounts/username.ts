import { randomBytes } from 'node:crypto'
import { asAppError } from '../../models/database-errors.ts'
import { USERNAME } from '../../models/user.ts'

/** Random bytes of a generated username, enough to avoid collisions. */
const SUFFIX_BYTES = 4

/** Returns the allowed characters of an email address before the @; empty if they contain no letter and no digit. */
export function usernameFromEmail(email: string): string {
  const [name = ''] = email.split('@')
  const allowed = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]/g, '')
    .slice(0, USERNAME.max)
  return /[A-Za-z0-9]/.test(allowed) ? allowed : ''
}

/**
 * Adds an account under the requested username, or under a generated one if the requested one is taken or too short.
 *
 * @throws the errors of `add`, except `taken` for the username
 */
export async function addWithFreeUsername<T>(
  wished: string,
  add: (username: string) => Promise<T>,
): Promise<T> {
  const isTooShort = wished.length < USERNAME.min
  for (let username = isTooShort ? withSuffix('user') : wished; ; ) {
    try {
      return await add(username)
    } catch (error) {
      if (!isTaken(error, 'username')) throw error
      username = withSuffix(isTooShort ? 'user' : wished)
    }
  }
}

/** Returns whether an error says that the value of a field belongs to another account. */
export function isTaken(error: unknown, field: string): boolean {
  const appError = asAppError(error)
  return appError?.code === 'taken' && appError.details.some((detail) => detail.field === field)
}

function withSuffix(beginning: string): string {
  const suffix = randomBytes(SUFFIX_BYTES).toString('hex')
  return `${beginning.slice(0, USERNAME.max - suffix.length - 1)}-${suffix}`
}
