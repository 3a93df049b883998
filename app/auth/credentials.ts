import type { Types } from 'mongoose'
import { verifyNothing, verifyPassword } from '../../models/password.ts'
import { User } from '../../models/user.ts'
import type { UserDocument } from '../../models/user-shape.ts'
import { badCredentials, wrongPassword } from '../errors.ts'
import type { Services } from '../services.ts'

interface Credentials {
  /** See `User.findForSignIn`. */
  login: string
  password: string
  address: string | undefined
}

/**
 * The user with these credentials, `passwordHash` included.
 * An unknown name costs what a wrong password costs, in time and against the limits.
 *
 * @throws bad_credentials, too_many_requests
 */
export async function verifyCredentials(
  { audit, config, limits }: Pick<Services, 'audit' | 'config' | 'limits'>,
  { login, password, address }: Credentials,
): Promise<UserDocument> {
  const user = await User.findForSignIn(login)
  const account = user ? user.id : login.toLowerCase()
  const verified = await limits.checking(account, address, async () => {
    const right = user
      ? await verifyPassword(password, user.passwordHash)
      : await verifyNothing(password, config.auth.bcryptCost)
    return right && user && !user.disabled ? user : null
  })
  if (!verified) {
    // not what was typed for a name: it may have been a password
    await audit({ action: 'login.failed', user: user?._id ?? null })
    throw badCredentials()
  }
  return verified
}

/**
 * Asks a signed-in user for the password again.
 *
 * @returns the user with `passwordHash`: the hash that was verified
 * @throws bad_credentials as 403, too_many_requests
 */
export async function confirmPassword(
  { audit, limits }: Pick<Services, 'audit' | 'limits'>,
  id: Types.ObjectId,
  password: string,
  address: string | undefined,
): Promise<UserDocument> {
  const user = await User.findForConfirmation(id)
  const verified = await limits.checking(id.toString(), address, async () =>
    user && (await verifyPassword(password, user.passwordHash)) ? user : null,
  )
  if (!verified) {
    await audit({ action: 'password.refused', user: id })
    throw wrongPassword()
  }
  return verified
}
