import { compare, hash } from 'bcrypt'

/** Length of a password in UTF-8 bytes. bcrypt ignores all after the 72nd (OWASP Password Storage Cheat Sheet). */
export const PASSWORD = { min: 8, max: 72 } as const

/** Returns a bcrypt hash. @throws RangeError for a password that bcrypt would truncate */
export async function hashPassword(password: string, cost: number): Promise<string> {
  if (Buffer.byteLength(password) > PASSWORD.max) throw new RangeError('a password has at most 72 bytes')
  return hash(password, cost)
}

/** Returns whether the password matches the hash. A password over the limit never matches; its check takes as long. */
export async function verifyPassword(password: string, passwordHash: string): Promise<boolean> {
  const matches = await compare(password, passwordHash)
  return matches && Buffer.byteLength(password) <= PASSWORD.max
}

/**
 * Returns whether the password matches the hash of an account. Every wrong password takes as long as a comparison of
 * the cost `highestCost`, so that the time does not reveal whether the account exists. Each cost takes twice the time
 * of the cost below it. So a comparison of cost n, followed by one of each cost from n to m − 1, takes as long as one of
 * cost m.
 *
 * @param passwordHash null when there is no such account
 * @param highestCost not lower than the cost of any hash in use
 */
export async function verifyAccount(
  password: string,
  passwordHash: string | null,
  highestCost: number,
): Promise<boolean> {
  if (passwordHash === null) {
    await compare(password, unmatchedHash(highestCost))
    return false
  }
  if (await verifyPassword(password, passwordHash)) return true
  for (let cost = costOf(passwordHash); cost < highestCost; cost++)
    await compare(password, unmatchedHash(cost))
  return false
}

/** Returns the cost of a hash, which is the second part of its text: `$2b$12$…`. */
export const costOf = (passwordHash: string): number => Number(passwordHash.split('$')[2])

/** Returns a well-formed hash that no known password matches. It is compared only for the time that this takes. */
const unmatchedHash = (cost: number): string => `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`
