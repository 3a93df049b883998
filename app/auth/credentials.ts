import type { Types } from 'mongoose'
import type { Config } from '../../config/env.ts'
import { KNOWN_ADDRESS_MS } from '../../config/rate-limits.ts'
import { costOf, hashPassword, verifyAccount, verifyPassword } from '../../models/password.ts'
import type { UserDocument } from '../../models/user.ts'
import { findForConfirmation, findForSignIn, rehashPassword } from '../../models/user-credentials.ts'
import type { Audit } from '../activity/audit.ts'
import type { Clock } from '../clock.ts'
import { badCredentials, wrongPassword } from '../errors.ts'
import { addressKey, type ClientInfo } from './client-info.ts'
import type { Limits } from './limits.ts'
import type { SlowestHash } from './slowest-hash.ts'

interface Credentials {
  /** See `findForSignIn`. */
  login: string
  password: string
}

/** What a check of credentials works with. */
export interface CredentialContext {
  audit: Audit
  clock: Clock
  config: Pick<Config, 'auth'>
  limits: Limits
  slowestHash: SlowestHash
}

/**
 * Returns the user with these credentials, `passwordHash` included. A hash of a former `BCRYPT_COST` is replaced.
 * An unknown name costs what a wrong password costs, in time and against the limits.
 *
 * @throws bad_credentials, too_many_requests, unavailable
 */
export async function verifyCredentials(
  context: CredentialContext,
  credentials: Credentials,
  client: ClientInfo,
): Promise<UserDocument> {
  const { audit, clock, config, limits, slowestHash } = context
  const { login, password } = credentials
  const user = await findForSignIn(login)
  const account = user ? user.id : login.toLowerCase()
  let isCurrent = true
  const verified = await limits.signingIn(account, isKnown(user, client, clock.now()), client, async () => {
    const usableHash = user && !user.disabled ? user.passwordHash : null
    if (!(await verifyAccount(password, usableHash, await slowestHash())) || !user) return null
    isCurrent = await renewHash(user, password, config.auth.bcryptCost)
    return user
  })
  if (!verified) {
    // not what was typed for a name: it may have been a password
    await audit({ action: 'login.failed', user: user?._id ?? null })
    throw badCredentials()
  }
  return isCurrent ? verified : verifyCredentials(context, credentials, client)
}

function isKnown(user: UserDocument | null, { address }: ClientInfo, now: Date): boolean {
  const key = addressKey(address)
  return Boolean(
    user?.knownAddresses.some(
      (one) => one.address === key && now.getTime() - one.at.getTime() < KNOWN_ADDRESS_MS,
    ),
  )
}

/** Replaces a hash of another cost. Returns false when another request has changed the hash meanwhile. */
async function renewHash(user: UserDocument, password: string, cost: number): Promise<boolean> {
  if (costOf(user.passwordHash) === cost) return true
  const passwordHash = await hashPassword(password, cost)
  const isRenewed = await rehashPassword(user, passwordHash)
  user.passwordHash = passwordHash
  return isRenewed
}

/**
 * Asks a signed-in user for the password again.
 *
 * @returns the user with `passwordHash`: the hash that was verified
 * @throws bad_credentials as 403, too_many_requests, unavailable
 */
export async function confirmPassword(
  { audit, limits }: Pick<CredentialContext, 'audit' | 'limits'>,
  id: Types.ObjectId,
  password: string,
  client: ClientInfo,
): Promise<UserDocument> {
  const verified = await limits.confirming(id.toString(), client, async () => {
    const user = await findForConfirmation(id)
    return user && (await verifyPassword(password, user.passwordHash)) ? user : null
  })
  if (!verified) {
    await audit({ action: 'password.refused', user: id })
    throw wrongPassword()
  }
  return verified
}
