import type { Config } from '../../config/env.ts'
import type { Caller } from '../../models/asset-access.ts'
import { isId } from '../../models/ids.ts'
import { Session, type SessionFields } from '../../models/session.ts'
import { isSessionValid, User, type UserDocument } from '../../models/user.ts'
import { recordSignIn } from '../../models/user-credentials.ts'
import type { Audit } from '../activity/audit.ts'
import type { Clock } from '../clock.ts'
import { badCredentials, notFound, unauthenticated } from '../errors.ts'
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
  audit: Audit
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
  { audit, clock, config, tokens }: SessionContext,
  user: UserDocument,
  { address, userAgent }: ClientInfo,
): Promise<SignedIn> {
  const now = clock.now()
  const session = await Session.begin({
    user: user._id,
    epoch: user.sessionEpoch,
    now,
    idleMs: config.auth.idleMs,
    userAgent,
    address,
  })
  const admitted = await recordSignIn(user, now, addressKey(address))
  if (!admitted) {
    await Session.end(session._id)
    await audit({ action: 'login.failed', user: user._id })
    throw badCredentials()
  }
  await Session.endOldest(user._id, session._id)
  if (admitted.location === null) await User.locate(admitted._id)
  await audit({
    action: 'login.succeeded',
    user: user._id,
    target: { type: 'session', id: session._id.toString() },
  })
  return { user: admitted, session, token: tokens.sign(session), expiresAt: session.expiresAt }
}

/**
 * Returns the user and the session of a verified token; null when the session has ended or the account cannot be used.
 * Reads both from the database for every request, so that a session that one process ends is invalid on all processes.
 */
export async function authenticateToken(
  { clock, config }: { clock: Clock; config: Pick<Config, 'auth'> },
  { sub, jti }: Claims,
): Promise<{ user: Caller; session: SessionFields } | null> {
  if (typeof jti !== 'string' || !isId(sub)) return null
  const now = clock.now()
  const [session, user] = await Promise.all([Session.findActive(jti, now), User.findActive(sub)])
  if (!session || !user || !session.user.equals(user._id) || !isSessionValid(user, session)) return null
  if (await Session.touch(session, now, config.auth.idleMs)) await User.noteAccess(user._id, now)
  return { user: callerOf(user), session }
}

const callerOf = ({ _id, username, access, location, sessionEpoch }: UserDocument): Caller => ({
  _id,
  username,
  access,
  location,
  sessionEpoch,
})

/**
 * Returns the whole user of a session.
 *
 * @throws unauthenticated when the session is no longer valid
 */
export async function readAccount(session: SessionFields): Promise<UserDocument> {
  const user = await User.findBySession(session)
  if (!user) throw unauthenticated()
  return user
}

/** Ends a session. Its token is invalid on every process from the next request on. */
export async function endSession(
  { audit }: { audit: Audit },
  { _id, user }: Pick<SessionFields, '_id' | 'user'>,
): Promise<void> {
  await Session.end(_id)
  await audit({ action: 'session.ended', user, target: { type: 'session', id: _id.toString() } })
}

/**
 * Ends one of the sender's sessions by its id.
 *
 * @throws not_found when the sender has no such session
 * @throws unauthenticated as `confirmSender`
 */
export async function revokeSession({ audit }: { audit: Audit }, sender: Sender, id: string): Promise<void> {
  const user = sender.user._id
  await confirmSender({ sender })
  if (!(await Session.revoke(id, user))) throw notFound()
  await audit({ action: 'session.revoked', user, target: { type: 'session', id } })
}
