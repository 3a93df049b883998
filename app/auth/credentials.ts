import type { Types } from 'mongoose'
import type { Config } from '../../config/env.ts'
import { KNOWN_ADDRESS_MS } from '../../config/rate-limits.ts'
import { costOf, fitsHash, hashPassword, verifyAccount, verifyPassword } from '../../models/password.ts'
import { emailKey } from '../../models/text.ts'
import type { UserDocument } from '../../models/user.ts'
import {
  findForConfirmation,
  findForSignIn,
  mostExpensiveHash,
  rehashPassword,
} from '../../models/user-credentials.ts'
import type { Clock } from '../clock.ts'
import { badCredentials, wrongPassword } from '../errors.ts'
import type { EventLog } from '../events/event-log.ts'
import { addressKey, type ClientInfo } from './client-info.ts'
import type { Limits } from './limits.ts'
import { type GivenPassword, readingsOf } from './passwords.ts'

const HOUR_MS = 3_600_000

export interface Credentials extends GivenPassword {
  /** A name of the account, as `findForSignIn` takes it. */
  login: string
}

export interface CredentialContext {
  events: EventLog
  clock: Clock
  config: Pick<Config, 'auth'>
  limits: Limits
  highestCost: HighestCost
}

/**
 * Returns the user with these credentials, including `passwordHash`. Replaces a hash of a former `BCRYPT_COST`, or of a
 * password that is not in NFC.
 * An unknown name takes as long, and counts for the same limits, as a wrong password.
 *
 * @throws bad_credentials
 * @throws too_many_requests
 * @throws unavailable
 */
export async function verifyCredentials(
  context: CredentialContext,
  credentials: Credentials,
  client: ClientInfo,
): Promise<UserDocument> {
  const { clock, config, events, limits, highestCost } = context
  const { login } = credentials
  const readings = readingsOf(credentials)
  const user = await findForSignIn(login)
  const account = user ? user.id : emailKey(login)
  let isCurrent = true
  const verified = await limits.checkSignIn(account, isKnown(user, client, clock.now()), client, async () => {
    const usableHash = user && !user.disabled ? user.passwordHash : null
    const password = await verifyAccount(readings, usableHash, await highestCost())
    if (password === null || !user) return null
    isCurrent = await renewHash(user, { password, wanted: readings[0] ?? password }, config.auth.bcryptCost)
    return user
  })
  if (!verified) {
    // the audit record does not contain the name: the user can have typed a password in its place
    await events.record({ action: 'login.failed', user: user?._id ?? null })
    throw badCredentials()
  }
  return isCurrent ? verified : verifyCredentials(context, credentials, client)
}

/** Returns whether the user signed in from the client's address within `KNOWN_ADDRESS_MS`. */
function isKnown(user: UserDocument | null, { address }: ClientInfo, now: Date): boolean {
  const key = addressKey(address)
  return Boolean(
    user?.knownAddresses.some(
      (one) => one.address === key && now.getTime() - one.at.getTime() < KNOWN_ADDRESS_MS,
    ),
  )
}

/**
 * Replaces a hash of another cost, or of another form of the password than the wanted one. Returns false when another
 * request has changed the hash since it was read.
 */
async function renewHash(
  user: UserDocument,
  { password, wanted }: { password: string; wanted: string },
  cost: number,
): Promise<boolean> {
  const passwordHash = await renewedHash(user.passwordHash, { password, wanted }, cost)
  if (passwordHash === null) return true
  const isRenewed = await rehashPassword(user, passwordHash)
  user.passwordHash = passwordHash
  return isRenewed
}

/**
 * Returns the hash that replaces a verified one; null if it stays. A password that is over the limit in the wanted form
 * keeps its hash.
 *
 * @param verified `password`: the one of which the hash is; `wanted`: its form in a new hash
 */
export async function renewedHash(
  passwordHash: string,
  { password, wanted }: { password: string; wanted: string },
  cost: number,
): Promise<string | null> {
  const isCurrent = costOf(passwordHash) === cost && password === wanted
  return isCurrent || !fitsHash(wanted) ? null : hashPassword(wanted, cost)
}

/**
 * Checks the password of a signed-in user again.
 *
 * @returns the user with `passwordHash`: the hash that was verified
 * @throws bad_credentials as 403
 * @throws too_many_requests
 * @throws unavailable
 */
export async function confirmPassword(
  { events, limits }: Pick<CredentialContext, 'events' | 'limits'>,
  id: Types.ObjectId,
  given: GivenPassword,
  client: ClientInfo,
): Promise<UserDocument> {
  const readings = readingsOf(given)
  const verified = await limits.checkUserPassword(id.toString(), client, async () => {
    const user = await findForConfirmation(id)
    return user && (await verifyPassword(readings, user.passwordHash)) !== null ? user : null
  })
  if (!verified) {
    await events.record({ action: 'password.refused', user: id })
    throw wrongPassword()
  }
  return verified
}

/** Returns the highest cost of a password hash in use. */
export type HighestCost = () => Promise<number>

/**
 * Creates a function that reads the highest cost from the accounts at most once an hour. Hashes of a former
 * `BCRYPT_COST` are replaced only when their users sign in.
 *
 * @param cost of new hashes
 */
export function createHighestCost(cost: number, clock: Clock): HighestCost {
  let known: { cost: number; until: number } | null = null
  return async () => {
    const now = clock.now().getTime()
    if (!known || known.until <= now) {
      const slowest = await mostExpensiveHash()
      known = { cost: Math.max(cost, slowest ? costOf(slowest) : cost), until: now + HOUR_MS }
    }
    return known.cost
  }
}
