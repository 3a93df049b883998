import type { UserFields } from '../user-shape.ts'

/** An account as its owner, or an admin, sees it (contract §2). */
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

/** A discoverable account as others see it (contract §2). */
export function publicView({ _id, username, name, profilePhoto }: UserFields) {
  return { id: _id.toString(), username, name, profilePhoto }
}
