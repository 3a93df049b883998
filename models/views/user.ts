import type { Viewer } from '../asset-access.ts'
import { type Quota, quotaOf } from '../plugins/space.ts'
import type { UserFields } from '../user.ts'

/** Serializes a user for themselves. @param defaults the quota of a user without a quota of their own */
export function serializeOwnUser(user: UserFields, defaults: Quota) {
  const { used, files } = user.space
  return {
    id: user._id.toString(),
    username: user.username,
    name: user.name,
    email: user.email,
    mobile: user.mobile,
    countryCode: user.countryCode,
    firstName: user.firstName,
    lastName: user.lastName,
    profilePhoto: user.profilePhoto,
    access: user.access,
    discoverable: user.discoverable,
    space: { used, files, ...quotaOf(user.space, defaults) },
    settings: JSON.parse(user.settings) as Record<string, unknown>,
    createdAt: user.createdAt,
    updatedAt: user.updatedAt,
    lastAccessAt: user.lastAccessAt,
  }
}

/** Serializes a user for other users. */
export function serializePublicUser({ _id, username, name, profilePhoto }: UserFields) {
  return { id: _id.toString(), username, name, profilePhoto }
}

/** Serializes a user with the fields that the viewer can see: an admin, the user themselves, or another user. */
export function serializeUser(user: UserFields, viewer: NonNullable<Viewer>, defaults: Quota) {
  if (viewer.access === 'admin') return { ...serializeOwnUser(user, defaults), disabled: user.disabled }
  return user._id.equals(viewer._id) ? serializeOwnUser(user, defaults) : serializePublicUser(user)
}
