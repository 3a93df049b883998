import { randomBytes } from 'node:crypto'
import { type NewUser, User, type UserDocument } from '../../models/user.ts'
import { beginSession, type SignedIn } from '../auth/begin-session.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import { hashInTurn } from '../auth/hash-in-turn.ts'
import { refuseWeakPassword } from '../auth/password-policy.ts'
import type { Context } from '../context.ts'
import { taken } from '../errors.ts'
import { registerLike, usernameLike } from './username.ts'

/** Without a username one is made, from the email if there is one. */
export type Registration = Partial<NewUser> & { password?: string }

/** `accountKey` is the password of an account that was made without one; nobody can read it again. */
export type Registered = SignedIn & { accountKey?: string }

type RegisterContext = Pick<Context, 'audit' | 'config' | 'limits' | 'queues'>

/**
 * Makes an account and signs it in.
 *
 * @throws validation_failed, taken (409, naming username, email or mobile), too_many_requests, unavailable
 */
export async function register(
  context: RegisterContext & Pick<Context, 'clock' | 'tokens'>,
  registration: Registration,
  client: ClientInfo,
): Promise<Registered> {
  const { user, accountKey } = await createAccount(context, registration, client)
  const signedIn = await beginSession(context, user, client)
  return accountKey === undefined ? signedIn : { ...signedIn, accountKey }
}

/** Makes an account; `accountKey` is there where no password was given. @throws as `register` */
export async function createAccount(
  context: RegisterContext,
  { password, ...input }: Registration,
  client: ClientInfo,
): Promise<{ user: UserDocument; accountKey?: string }> {
  const { audit, limits } = context
  if (password !== undefined) await refuseWeakPassword(password, accountNames(input))
  const accountKey = randomBytes(32).toString('base64url')
  const user = await limits.registering(client, async () => {
    // before the hash, which is what costs; the indexes decide about names that are taken meanwhile
    const fields = await User.takenFields(input)
    if (fields.length > 0) throw taken(fields)
    const passwordHash = await hashInTurn(context, client, password ?? accountKey)
    const add = (username: string) => User.add({ ...input, username }, passwordHash)
    return input.username === undefined
      ? registerLike(usernameLike(input.email ?? ''), add)
      : add(input.username)
  })
  await audit({ action: 'account.registered', user: user._id })
  return password === undefined ? { user, accountKey } : { user }
}

/** Returns the names of a new account, none of which may be its password. */
export const accountNames = ({ username, email }: Pick<Registration, 'username' | 'email'>) => [
  username ?? usernameLike(email ?? ''),
  email,
]
