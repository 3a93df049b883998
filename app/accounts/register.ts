import { randomBytes } from 'node:crypto'
import { User } from '../../models/user.ts'
import type { NewUser, UserDocument } from '../../models/user-shape.ts'
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
  registration: Registration,
  client: Client,
): Promise<Registered> {
  requireWholePhone(registration)
  const { user, accountKey } = await createAccount(services, registration, client.address)
  const signedIn = await beginSession(services, user, client)
  return accountKey === undefined ? signedIn : { ...signedIn, accountKey }
}

/** Makes an account; `accountKey` is there where no password was given. @throws as `register` */
export async function createAccount(
  { audit, config, limits }: Pick<Services, 'audit' | 'config' | 'limits'>,
  { password, ...input }: Registration,
  address: string | undefined,
): Promise<{ user: UserDocument; accountKey?: string }> {
  if (password !== undefined) await refuseWeakPassword(password, [input.username, input.email])
  const accountKey = randomBytes(32).toString('base64url')
  const user = await limits.registering(address, () =>
    User.register(input, password ?? accountKey, { cost: config.auth.bcryptCost, limit: config.space.user }),
  )
  await audit({ action: 'account.registered', user: user._id })
  return password === undefined ? { user, accountKey } : { user }
}
