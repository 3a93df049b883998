import { compare, hash } from 'bcrypt'
import { normalizeText } from './text.ts'

/** Length of a password in UTF-8 bytes, in NFC. bcrypt ignores all after the 72nd (OWASP Password Storage Cheat Sheet). */
export const PASSWORD = { min: 8, max: 72 } as const

/** Returns whether bcrypt reads all of a password. */
export const fitsHash = (password: string): boolean => Buffer.byteLength(password) <= PASSWORD.max

/** Returns a bcrypt hash of a password in NFC. @throws RangeError for a password that bcrypt would truncate */
export async function hashPassword(given: string, cost: number): Promise<string> {
  const password = normalizeText(given)
  if (!fitsHash(password)) throw new RangeError('a password has at most 72 bytes')
  return hash(password, cost)
}

/**
 * Returns the password of which the hash is; null if it is of none of them. A password over the limit never matches; its
 * check takes as long.
 *
 * @param passwords what the input can mean, the most likely first
 */
export async function verifyPassword(
  passwords: readonly string[],
  passwordHash: string,
): Promise<string | null> {
  for (const password of passwords)
    if ((await compare(password, passwordHash)) && fitsHash(password)) return password
  return null
}

/**
 * Returns the password of which the hash of an account is; null if it is of none of them. Every wrong password takes as
 * long as a comparison of the cost `highestCost`, so that the time does not reveal whether the account exists; it depends
 * only on the number of passwords. Each cost takes twice the time of the cost below it. So a comparison of cost n,
 * followed by one of each cost from n to m − 1, takes as long as one of cost m.
 *
 * @param passwordHash null when there is no such account
 * @param highestCost not lower than the cost of any hash in use
 */
export async function verifyAccount(
  passwords: readonly string[],
  passwordHash: string | null,
  highestCost: number,
): Promise<string | null> {
  for (const password of passwords) {
    if (passwordHash === null) {
      await compare(password, unmatchedHash(highestCost))
      continue
    }
    const verified = await verifyPassword([password], passwordHash)
    if (verified !== null) return verified
    for (let cost = costOf(passwordHash); cost < highestCost; cost++)
      await compare(password, unmatchedHash(cost))
  }
  return null
}

/** Returns the cost of a hash, which is the second part of its text: `$2b$12$…`. */
export const costOf = (passwordHash: string): number => Number(passwordHash.split('$')[2])

/** Returns a well-formed hash that no known password matches. It is compared only for the time that this takes. */
const unmatchedHash = (cost: number): string => `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`
