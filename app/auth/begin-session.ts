import { Session, type SessionFields } from '../../models/session.ts'
import { User, type UserDocument } from '../../models/user.ts'
import { recordSignIn } from '../../models/user-credentials.ts'
import type { Context } from '../context.ts'
import { badCredentials } from '../errors.ts'
import { addressKey, type ClientInfo } from './client-info.ts'

/** What a sign-in brings: `expiresAt` is when the session ends if it is not used again. */
export interface SignedIn {
  user: UserDocument
  session: SessionFields
  token: string
  expiresAt: Date
}

/**
 * Begins a session of a user whose password has been verified; the first gives the user a location in the store.
 *
 * @param user with `passwordHash`: the hash that was verified
 * @throws bad_credentials when the account or its password has changed meanwhile
 */
export async function beginSession(
  { audit, clock, config, tokens }: Pick<Context, 'audit' | 'clock' | 'config' | 'tokens'>,
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
