import type { Config } from '../../config/env.ts'
import type { Caller } from '../../models/asset-access.ts'
import { unlessFull } from '../../models/database-errors.ts'
import { isId } from '../../models/ids.ts'
import { Session, type SessionFields } from '../../models/session.ts'
import { accountOf, matchSession, noteAccess } from '../../models/session-account.ts'
import { User, type UserDocument } from '../../models/user.ts'
import { recordSignIn } from '../../models/user-credentials.ts'
import type { Clock } from '../clock.ts'
import { badCredentials, invalidToken, notFound } from '../errors.ts'
import type { EventLog } from '../events/event-log.ts'
import { addressKey, type ClientInfo } from './client-info.ts'
import { type CredentialContext, type Credentials, verifyCredentials } from './credentials.ts'
import { confirmSender, type Sender } from './sender.ts'
import type { Claims, Tokens } from './tokens.ts'

export interface SignedIn {
  user: UserDocument
  session: SessionFields
  token: string
  /** When the session ends if it is not used again. */
  expiresAt: Date
}

interface SessionContext {
  events: EventLog
  clock: Clock
  config: Pick<Config, 'auth'>
  tokens: Tokens
}

/**
 * Signs a user in with a name and a password.
 *
 * @throws bad_credentials
 * @throws too_many_requests
 * @throws unavailable
 */
export async function signIn(
  context: CredentialContext & SessionContext,
  credentials: Credentials,
  client: ClientInfo,
): Promise<SignedIn> {
  const user = await verifyCredentials(context, credentials, client)
  return beginSession(context, user, client)
}

/**
 * Begins a session of a user whose password was verified. The first session gives the user a location in the store.
 *
 * @param user with `passwordHash`: the hash that was verified
 * @throws bad_credentials when the account or its password changed after the password was verified
 */
export async function beginSession(
  { events, clock, config, tokens }: SessionContext,
  user: UserDocument,
  { address, userAgent }: ClientInfo,
): Promise<SignedIn> {
  const now = clock.now()
  const begun = await Session.begin({
    user: user._id,
    epoch: user.sessionEpoch,
    account: accountOf(user),
    now,
    idleMs: config.auth.idleMs,
    userAgent,
    address,
  })
  const admitted = await recordSignIn(user, now, addressKey(address))
  // a change of the account before `recordSignIn` is in `admitted`; one after it finds the stored session
  const located = admitted && (await withLocation(admitted))
  const session = await matchSession(begun, located)
  if (!located || !session) {
    await events.record({ action: 'login.failed', user: user._id })
    throw badCredentials()
  }
  await Session.endOldest(user._id, session._id)
  await events.record({
    action: 'login.succeeded',
    user: user._id,
    target: { type: 'session', id: session._id.toString() },
  })
  return { user: located, session, token: tokens.sign(session), expiresAt: session.expiresAt }
}

/** Gives a user a location in the store at the first sign-in. */
async function withLocation(user: UserDocument): Promise<UserDocument> {
  if (user.location === null) user.location = await User.locate(user._id)
  return user
}

/**
 * Returns the caller and the session of a verified token; null when the session has ended. Reads the session from the
 * database for every request, so that a session that one process ends is invalid on all processes. Every change of an
 * account that concerns its sessions changes them too. The user is read once a minute, when the access is recorded, and
 * for a session of an earlier release.
 */
export async function authenticateToken(
  { clock, config }: { clock: Clock; config: Pick<Config, 'auth'> },
  { sub, jti }: Claims,
): Promise<{ user: Caller; session: SessionFields } | null> {
  if (typeof jti !== 'string' || !isId(sub)) return null
  const now = clock.now()
  const found = await Session.findActive(jti, now)
  if (!found?.user.equals(sub)) return null
  const isNoted = await unlessFull(Session.touch(found, now, config.auth.idleMs), false)
  const session =
    isNoted || !found.account ? await matchSession(found, await noteAccess(found.user, now)) : found
  if (!session?.account) return null
  const { username, access } = session.account
  return {
    user: { _id: session.user, username, access, sessionEpoch: session.epoch ?? 0 },
    session,
  }
}

/**
 * Returns the whole user of a session.
 *
 * @throws unauthenticated when the session is no longer valid
 */
export async function readAccount(session: SessionFields): Promise<UserDocument> {
  const user = await User.findBySession(session)
  if (!user) throw invalidToken()
  return user
}

/** Ends a session. Its token is invalid on every process from the next request on. */
export async function endSession(
  { events }: { events: EventLog },
  { _id, user }: Pick<SessionFields, '_id' | 'user'>,
): Promise<void> {
  await Session.end(_id)
  await events.record({ action: 'session.ended', user, target: { type: 'session', id: _id.toString() } })
}

/**
 * Ends one of the sender's sessions by its id.
 *
 * @throws not_found when the sender has no such session
 * @throws unauthenticated as `confirmSender`
 */
export async function revokeSession(
  { events }: { events: EventLog },
  sender: Sender,
  id: string,
): Promise<void> {
  const user = sender.user._id
  await confirmSender({ sender })
  if (!(await Session.revoke(id, user))) throw notFound()
  await events.record({ action: 'session.revoked', user, target: { type: 'session', id } })
}
