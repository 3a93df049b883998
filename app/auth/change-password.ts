import { retryChange } from '../../models/plugins/optimistic.ts'
import { Session, type SessionFields } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { replacePassword } from '../../models/user-credentials.ts'
import type { Context } from '../context.ts'
import { unauthenticated } from '../errors.ts'
import type { ClientInfo } from './client-info.ts'
import { confirmPassword } from './credentials.ts'
import { hashInTurn } from './hash-in-turn.ts'
import { refuseWeakPassword } from './password-policy.ts'

interface Change {
  session: SessionFields
  current: string
  password: string
}

/**
 * Gives a user another password; every session but the one that asks ends.
 *
 * @throws bad_credentials (403) when `current` is wrong, or no longer right
 * @throws unauthenticated when the session ended meanwhile
 * @throws validation_failed, too_many_requests, unavailable
 */
export async function changePassword(
  context: Pick<Context, 'audit' | 'config' | 'limits' | 'queues'>,
  { session, current, password }: Change,
  client: ClientInfo,
): Promise<void> {
  const confirm = () => confirmPassword(context, session.user, current, client)
  const user = await confirm()
  await refuseWeakPassword(password, [user.username, user.email])
  const passwordHash = await hashInTurn(context, client, password)
  // the hash that was verified may have been replaced by one of another cost, or by another password
  await retryChange(
    user,
    async (verified) => {
      if (await Session.isEnded(session)) throw unauthenticated()
      return (await replacePassword(session, verified, passwordHash)) || null
    },
    async () => {
      if (!(await User.findHolder(session))) throw unauthenticated()
      return confirm()
    },
  )
  await Session.endAll(user._id, { except: session._id })
  await context.audit({ action: 'password.changed', user: user._id })
}
