import type { Quota } from '../plugins/space.ts'
import type { SessionFields } from '../session.ts'
import type { UserFields } from '../user.ts'
import { serializeOwnUser } from './user.ts'

/** Serializes a session for its user. @param current the session of the request */
export function serializeSession(
  { _id, createdAt, lastAccessAt, expiresAt, userAgent }: SessionFields,
  current: SessionFields,
) {
  return {
    id: _id.toString(),
    createdAt,
    lastAccessAt,
    expiresAt,
    userAgent,
    current: _id.equals(current._id),
  }
}

interface SignIn {
  user: UserFields
  token: string
  expiresAt: Date
  accountKey?: string
}

/** Serializes a sign-in or a registration. @param defaults the quota of a user without a quota of their own */
export function serializeSignIn({ user, token, expiresAt, accountKey }: SignIn, defaults: Quota) {
  return {
    user: serializeOwnUser(user, defaults),
    token,
    expiresAt,
    ...(accountKey ? { accountKey } : {}),
  }
}
