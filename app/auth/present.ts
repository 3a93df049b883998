import { ownerView } from '../../models/views/user.ts'
import type { Registered } from '../accounts/register.ts'
import type { Context } from '../context.ts'

/** Serializes the answer to a sign-in or a registration. */
export function presentSignIn(
  { config }: Pick<Context, 'config'>,
  { user, token, expiresAt, accountKey }: Registered,
) {
  return {
    user: ownerView(user, config.space.quota),
    token,
    expiresAt,
    ...(accountKey ? { accountKey } : {}),
  }
}
