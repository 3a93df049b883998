import type { UserFields } from '../user-shape.ts'

/** An account as its owner sees it (contract §2). */
export function ownerView(user: UserFields) {
  const { used, limit, files } = user.space
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
    space: { used, limit, files },
    settings: JSON.parse(user.settings) as Record<string, unknown>,
    createdAt: user.createdAt,
    updatedAt: user.updatedAt,
    lastAccessAt: user.lastAccessAt,
  }
}

/** An account as an admin sees it. */
function adminView(user: UserFields) {
  return { ...ownerView(user), disabled: user.disabled }
}

/** A discoverable account as others see it (contract §2). */
export function publicView({ _id, username, name, profilePhoto }: UserFields) {
  return { id: _id.toString(), username, name, profilePhoto }
}

/** An account that the viewer may know, as far as they may know it. */
export function userView(user: UserFields, viewer: UserFields) {
  if (viewer.access === 'admin') return adminView(user)
  return user._id.equals(viewer._id) ? ownerView(user) : publicView(user)
}
