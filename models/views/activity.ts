import type { ActivityFields } from '../activity.ts'
import type { UserFields } from '../user.ts'

/**
 * A record as a viewer sees it (contract §2). Of what an admin has done to them, users learn what and when, not
 * who and from where.
 */
export function serializeActivity(activity: ActivityFields, viewer: Pick<UserFields, '_id' | 'access'>) {
  const { _id, at, action, target, details } = activity
  const whole = viewer.access === 'admin' || Boolean(activity.user?.equals(viewer._id))
  const { user, address, userAgent, requestId } = whole ? activity : NOBODY
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

const NOBODY = { user: null, address: null, userAgent: null, requestId: null }
