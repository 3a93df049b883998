import { randomBytes } from 'node:crypto'
import { User } from '../../models/user.ts'
import type { NewUser } from '../../models/user-shape.ts'
import { beginSession, type Client, type SignedIn } from '../auth/begin-session.ts'
import { refuseWeakPassword } from '../auth/password-policy.ts'
import type { Services } from '../services.ts'
import { requireWholePhone } from './phone.ts'

export type Registration = NewUser & { password?: string }

/** `accountKey` is the password of an account by name only; nobody can read it again. */
export type Registered = SignedIn & { accountKey?: string }

/**
 * Makes an account and signs it in.
 *
 * @throws validation_failed, taken (409, naming username, email or mobile), too_many_requests
 */
export async function register(
  services: Pick<Services, 'audit' | 'clock' | 'config' | 'limits' | 'tokens'>,
  { password, ...input }: Registration,
  client: Client,
): Promise<Registered> {
  requireWholePhone(input)
  if (password !== undefined) await refuseWeakPassword(password, [input.username, input.email])
  const { auth, space } = services.config
  const accountKey = randomBytes(32).toString('base64url')

  const user = await services.limits.registering(client.address, () =>
    User.register(input, password ?? accountKey, { cost: auth.bcryptCost, limit: space.user }),
  )
  await services.audit({ action: 'account.registered', user: user._id })
  const signedIn = await beginSession(services, user, client)
  return password === undefined ? { ...signedIn, accountKey } : signedIn
}
