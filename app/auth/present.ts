import { ownerView } from '../../models/views/user.ts'
import type { Registered } from '../accounts/register.ts'

/** What a sign-in or a registration answers (contract §2). */
export function presentSignIn({ user, token, expiresAt, accountKey }: Registered) {
  return { user: ownerView(user), token, expiresAt, ...(accountKey ? { accountKey } : {}) }
}
