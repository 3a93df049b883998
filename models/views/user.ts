import { type Quota, quotaOf } from '../plugins/ledger.ts'
import type { UserFields } from '../user.ts'

/** Serializes an account for its owner. @param defaults limits of an account that has none of its own */
export function ownerView(user: UserFields, defaults: Quota) {
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

/** An account as an admin sees it. */
function adminView(user: UserFields, defaults: Quota) {
  return { ...ownerView(user, defaults), disabled: user.disabled }
}

/** A discoverable account as others see it (contract §2). */
export function publicView({ _id, username, name, profilePhoto }: UserFields) {
  return { id: _id.toString(), username, name, profilePhoto }
}

/** An account that the viewer may know, as far as they may know it. */
export function userView(user: UserFields, viewer: UserFields, defaults: Quota) {
  if (viewer.access === 'admin') return adminView(user, defaults)
  return user._id.equals(viewer._id) ? ownerView(user, defaults) : publicView(user)
}
