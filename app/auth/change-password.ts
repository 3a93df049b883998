import { retryChange } from '../../models/plugins/optimistic.ts'
import type { SessionFields } from '../../models/session.ts'
import { matchSessions } from '../../models/session-account.ts'
import { User } from '../../models/user.ts'
import { replacePassword } from '../../models/user-credentials.ts'
import type { Context } from '../context.ts'
import { invalidToken } from '../errors.ts'
import type { ClientInfo } from './client-info.ts'
import { confirmPassword } from './credentials.ts'
import { hashPasswordQueued, refuseWeakPassword } from './passwords.ts'
import { confirmSender } from './sender.ts'

interface PasswordChange {
  session: SessionFields
  /** The current password, as `GivenPassword`. */
  current: string
  folds?: boolean
  password: string
}

/**
 * Sets a new password and ends every other session of the user.
 *
 * @throws bad_credentials (403) when `current` is wrong, or became wrong during the request
 * @throws unauthenticated when the session ended during the request
 * @throws validation_failed for a weak password
 * @throws too_many_requests
 * @throws unavailable
 */
export async function changePassword(
  context: Pick<Context, 'clock' | 'config' | 'events' | 'limits' | 'queues'>,
  { session, current, folds = false, password }: PasswordChange,
  client: ClientInfo,
): Promise<void> {
  const confirm = () => confirmPassword(context, session.user, { password: current, folds }, client)
  const user = await confirm()
  await refuseWeakPassword(password, [user.username, user.email])
  const passwordHash = await hashPasswordQueued(context, client, password)
  // retries when the verified hash was replaced by a hash of another cost or of another password
  const changed = await retryChange(
    user,
    async (verified) => {
      await confirmSender({ sender: { user, session, clock: context.clock } })
      return replacePassword(session, verified, passwordHash)
    },
    async () => {
      if (!(await User.findBySession(session))) throw invalidToken()
      return confirm()
    },
  )
  if (changed) await matchSessions(changed)
  await context.events.record({ action: 'password.changed', user: user._id })
}
