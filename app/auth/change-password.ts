import { Session, type SessionFields } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { wrongPassword } from '../errors.ts'
import type { Services } from '../services.ts'
import { confirmPassword } from './credentials.ts'
import { refuseWeakPassword } from './password-policy.ts'

interface Change {
  session: SessionFields
  current: string
  password: string
  address: string | undefined
}

/**
 * Gives a user another password; every session but the one that asks ends.
 *
 * @throws bad_credentials (403) when `current` is wrong, or no longer right; validation_failed; too_many_requests
 */
export async function changePassword(
  services: Pick<Services, 'audit' | 'config' | 'limits'>,
  { session, current, password, address }: Change,
): Promise<void> {
  const user = await confirmPassword(services, session.user, current, address)
  await refuseWeakPassword(password, [user.username, user.email])
  if (!(await User.replacePassword(user, password, services.config.auth.bcryptCost))) throw wrongPassword()
  await Session.endAll(user._id, { except: session._id })
  await services.audit({ action: 'password.changed', user: user._id })
}
