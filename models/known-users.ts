import type { Types } from 'mongoose'
import type { Viewer } from './asset-access.ts'
import { User } from './user.ts'
import { usernameKey } from './user-fields.ts'
import type { KnownOwner } from './views/asset.ts'

/** Whom a viewer may know of: themselves, and who chose to be discoverable. */
const knownTo = (viewer: Viewer) => ({
  deleting: false,
  $or: [{ discoverable: true }, ...(viewer ? [{ _id: viewer._id }] : [])],
})

/** Of these users, those the viewer may know, by their id. */
export async function knownUsers(ids: Types.ObjectId[], viewer: Viewer): Promise<Map<string, KnownOwner>> {
  const unique = [...new Map(ids.map((id) => [id.toString(), id])).values()]
  if (unique.length === 0) return new Map()
  const users = await User.find({ _id: { $in: unique }, ...knownTo(viewer) }, { username: 1 }).lean()
  return new Map(users.map(({ _id, username }) => [_id.toString(), { id: _id.toString(), username }]))
}

/** The id behind a username, if the viewer may know it. */
export async function knownUserId(username: string, viewer: Viewer): Promise<Types.ObjectId | null> {
  const user = await User.findOne(
    { usernameKey: usernameKey(username), ...knownTo(viewer) },
    { _id: 1 },
  ).lean()
  return user?._id ?? null
}
