import { createHash } from 'node:crypto'
import type { Config } from '../../config/env.ts'
import { fitsHash, hashPassword, PASSWORD } from '../../models/password.ts'
import { normalizeText } from '../../models/text.ts'
import { validationFailed } from '../errors.ts'
import type { Queues } from '../queues/queues.ts'
import { addressKey, type ClientInfo } from './client-info.ts'

/** The names of an account. None of them can be its password. */
type Names = readonly (string | null | undefined)[]

/**
 * Refuses a password that is too short or too long, is one of the most common, or is a name of its account
 * (OWASP Authentication Cheat Sheet, NIST SP 800-63B §3.1.1.2).
 *
 * @throws validation_failed naming `password`
 */
export async function refuseWeakPassword(password: string, names: Names): Promise<void> {
  const message = await weaknessOf(password, names)
  if (message) throw validationFailed([{ field: 'password', message }])
}

/** Returns why a password is refused, in words that complete "The password …"; null for an acceptable password. */
export async function weaknessOf(given: string, names: Names): Promise<string | null> {
  const password = normalizeText(given)
  const bytes = Buffer.byteLength(password)
  if (bytes < PASSWORD.min || bytes > PASSWORD.max)
    return `must have ${PASSWORD.min} to ${PASSWORD.max} bytes`
  const lowerCase = password.toLowerCase()
  if (names.some((name) => name && normalizeText(name).trim().toLowerCase() === lowerCase))
    return 'must not be a name of the account'
  const { commonPasswords } = await import('./common-passwords.ts')
  return commonPasswords.has(lowerCase) ? 'is one of the most common passwords' : null
}

/**
 * Hashes a new password in the queue of password hashes, under the client's address.
 *
 * @throws unavailable when the queue is full
 */
export const hashPasswordQueued = (
  { config, queues }: { config: Pick<Config, 'auth'>; queues: Pick<Queues, 'passwords'> },
  { address, signal }: ClientInfo,
  password: string,
): Promise<string> =>
  queues.passwords.run(addressKey(address), () => hashPassword(password, config.auth.bcryptCost), signal)

/**
 * Shortens a password that is longer than bcrypt reads to the base64 of its SHA-256. Clients of the earlier services
 * send a digest as the password, which can be that long. Returns a shorter password unchanged.
 */
export function foldPassword(password: string): string {
  return fitsHash(password) ? password : createHash('sha256').update(password).digest('base64')
}

/** A password that a client sent to have it checked. */
export interface GivenPassword {
  password: string
  /** Whether `foldPassword` shortens a long password: on routes of earlier services. */
  folds?: boolean
}

/**
 * Returns the passwords that a client can mean, without duplicates: the one in NFC, then the one as it was sent, of which
 * releases before schema version 5 made the hash.
 */
export function readingsOf({ password, folds = false }: GivenPassword): string[] {
  const readings = [normalizeText(password), password]
  return [...new Set(folds ? readings.map(foldPassword) : readings)]
}
