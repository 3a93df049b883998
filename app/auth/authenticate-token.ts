import type { Config } from '../../config/env.ts'
import { isId } from '../../models/ids.ts'
import { Session, type SessionFields } from '../../models/session.ts'
import { isOfEpoch, User, type UserDocument } from '../../models/user.ts'
import type { Clock } from '../clock.ts'
import type { Claims } from './tokens.ts'

/**
 * Whose token this is, while its session lives and its user may use the account; else null.
 * Both are read from the database every time: what one process ends is over for all.
 */
export async function authenticateToken(
  { clock, config }: { clock: Clock; config: Pick<Config, 'auth'> },
  { sub, jti }: Claims,
): Promise<{ user: UserDocument; session: SessionFields } | null> {
  // a claim of another form names nothing
  if (typeof jti !== 'string' || !isId(sub)) return null
  const now = clock.now()
  const [session, user] = await Promise.all([Session.findLive(jti, now), User.findActive(sub)])
  if (!session || !user || !session.user.equals(user._id) || !isOfEpoch(user, session)) return null
  if (await Session.touch(session, now, config.auth.idleMs)) await User.noteAccess(user._id, now)
  return { user, session }
}
