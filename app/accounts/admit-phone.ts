import { mobileKey, User } from '../../models/user.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import type { Context } from '../context.ts'
import { createAccount } from './register.ts'
import { isTaken } from './username.ts'

interface Newcomer {
  mobile: string
  countryCode: string
  password: string
}

/**
 * Makes sure that a telephone number has an account: the first who signs in with it sets its password.
 *
 * @throws validation_failed for a weak password, too_many_requests, unavailable
 */
export async function admitPhone(
  context: Pick<Context, 'audit' | 'config' | 'limits' | 'queues'>,
  { mobile, countryCode, password }: Newcomer,
  client: ClientInfo,
): Promise<void> {
  if (await User.isAny({ mobileKey: mobileKey({ mobile, countryCode }) })) return
  try {
    await createAccount(context, { mobile, countryCode, password }, client)
  } catch (error) {
    // somebody was quicker: their password is the one
    if (!isTaken(error, 'mobile')) throw error
  }
}
