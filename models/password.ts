import { compare, hash } from 'bcrypt'

/** In UTF-8 bytes: bcrypt reads no further than 72 (OWASP Password Storage Cheat Sheet). */
export const PASSWORD = { min: 8, max: 72 } as const

/** Returns a bcrypt hash. @throws RangeError for a password that bcrypt would truncate */
export async function hashPassword(password: string, cost: number): Promise<string> {
  if (Buffer.byteLength(password) > PASSWORD.max) throw new RangeError('a password has at most 72 bytes')
  return hash(password, cost)
}

/** Returns whether the password belongs to the hash. One that is too long to belong to any takes as long. */
export async function verifyPassword(password: string, passwordHash: string): Promise<boolean> {
  const matches = await compare(password, passwordHash)
  return matches && Buffer.byteLength(password) <= PASSWORD.max
}

/**
 * Returns whether the password belongs to the account of this hash; null: there is no such account. Every failure
 * takes as long as a comparison of the cost `slowest`, so that the time tells nothing about the account. A step of the
 * cost doubles the time: one comparison of each cost from n to m − 1 makes a comparison of n as long as one of m.
 *
 * @param slowest not lower than the cost of any hash in use
 */
export async function verifyAccount(
  password: string,
  passwordHash: string | null,
  slowest: number,
): Promise<boolean> {
  if (passwordHash === null) {
    await compare(password, unmatchedHash(slowest))
    return false
  }
  if (await verifyPassword(password, passwordHash)) return true
  for (let cost = costOf(passwordHash); cost < slowest; cost++) await compare(password, unmatchedHash(cost))
  return false
}

/** Returns the cost of a hash, which its text begins with: `$2b$12$`. */
export const costOf = (passwordHash: string): number => Number(passwordHash.split('$')[2])

/** Returns a well-formed hash that no known password belongs to: only the time of its comparison matters. */
const unmatchedHash = (cost: number): string => `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`
