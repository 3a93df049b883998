import { User } from '../../models/user.ts'
import { mobileKey } from '../../models/user-fields.ts'
import type { Services } from '../services.ts'
import { createAccount } from './register.ts'
import { anonymousUsername, isTaken, registerLike } from './username.ts'

interface Newcomer {
  mobile: string
  countryCode: string
  password: string
}

/**
 * Makes sure that a telephone number has an account: the first who signs in with it sets its password.
 *
 * @throws validation_failed for a weak password, too_many_requests
 */
export async function admitPhone(
  services: Pick<Services, 'audit' | 'config' | 'limits'>,
  { mobile, countryCode, password }: Newcomer,
  address: string | undefined,
): Promise<void> {
  if (await User.exists({ mobileKey: mobileKey({ mobile, countryCode }) })) return
  try {
    await registerLike(anonymousUsername(), (username) =>
      createAccount(services, { username, mobile, countryCode, password }, address),
    )
  } catch (error) {
    // somebody was quicker: their password is the one
    if (!isTaken(error, 'mobile')) throw error
  }
}
