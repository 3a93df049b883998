import { randomBytes } from 'node:crypto'
import { mobileKey, type NewUser, User, type UserDocument } from '../../models/user.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import { hashPasswordQueued, refuseWeakPassword } from '../auth/passwords.ts'
import { beginSession, type SignedIn } from '../auth/sessions.ts'
import type { Context } from '../context.ts'
import { taken } from '../errors.ts'
import { addWithFreeUsername, isTaken, usernameFromEmail } from './username.ts'

/** The username is generated when it is missing, from the email address if there is one. */
export type Registration = Partial<NewUser> & { password?: string }

export type Registered = SignedIn & {
  /** The generated password of an account that was created without one. It cannot be read again. */
  accountKey?: string
}

type RegisterContext = Pick<Context, 'config' | 'events' | 'limits' | 'queues'>

/**
 * Creates an account and signs it in.
 *
 * @throws validation_failed for a weak password
 * @throws taken (409) naming username, email or mobile
 * @throws too_many_requests
 * @throws unavailable
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

/** Creates an account, with an `accountKey` if no password is given. Throws the errors of `register`. */
export async function createAccount(
  context: RegisterContext,
  { password, ...input }: Registration,
  client: ClientInfo,
): Promise<{ user: UserDocument; accountKey?: string }> {
  const { events, limits } = context
  if (password !== undefined) await refuseWeakPassword(password, accountNames(input))
  const accountKey = randomBytes(32).toString('base64url')
  const user = await limits.countRegistration(client, async () => {
    // before the expensive hash; the unique indexes refuse names that are taken between this check and the insert
    const fields = await User.takenFields(input)
    if (fields.length > 0) throw taken(fields)
    const passwordHash = await hashPasswordQueued(context, client, password ?? accountKey)
    const add = (username: string) => User.add({ ...input, username }, passwordHash)
    return input.username === undefined
      ? addWithFreeUsername(usernameFromEmail(input.email ?? ''), add)
      : add(input.username)
  })
  await events.record({ action: 'account.registered', user: user._id })
  return password === undefined ? { user, accountKey } : { user }
}

/** Returns the names of a new account. None of them can be its password. */
export const accountNames = ({ username, email }: Pick<Registration, 'username' | 'email'>) => [
  username ?? usernameFromEmail(email ?? ''),
  email,
]

/**
 * Creates an account for a telephone number that has none. The first client that signs in with a number sets its
 * password.
 *
 * @throws validation_failed for a weak password
 * @throws too_many_requests
 * @throws unavailable
 */
export async function ensurePhoneAccount(
  context: RegisterContext,
  { mobile, countryCode, password }: { mobile: string; countryCode: string; password: string },
  client: ClientInfo,
): Promise<void> {
  if (await User.isAny({ mobileKey: mobileKey({ mobile, countryCode }) })) return
  try {
    await createAccount(context, { mobile, countryCode, password }, client)
  } catch (error) {
    // another request created the account first: its password counts
    if (!isTaken(error, 'mobile')) throw error
  }
}
