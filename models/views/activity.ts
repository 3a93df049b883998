import type { Activity } from '../event.ts'
import type { UserFields } from '../user.ts'

/** Fields of an admin's action that the affected user cannot see. */
const HIDDEN = { user: null, address: null, userAgent: null, requestId: null }

/**
 * Serializes an audit record for a viewer. Users see all of their own actions. Of an admin's actions on their account
 * they see what happened and when, but not who did it and from where.
 */
export function serializeActivity(activity: Activity, viewer: Pick<UserFields, '_id' | 'access'>) {
  const { _id, at, action, target, details } = activity
  const isWhole = viewer.access === 'admin' || Boolean(activity.user?.equals(viewer._id))
  const { user, address, userAgent, requestId } = isWhole ? activity : HIDDEN
  return {
    id: _id.toString(),
    at,
    action,
    user: user?.toString() ?? null,
    target,
    address,
    userAgent,
    requestId,
    details,
  }
}
