import DataLoader from 'dataloader'
import type { QueryFilter, Types } from 'mongoose'
import type { Viewer } from './asset-access.ts'
import { foldText } from './asset-words.ts'
import { isId } from './ids.ts'
import { after, cut, type Order, type Position, sortBy } from './plugins/page.ts'
import { User } from './user.ts'
import { usernameKey } from './user-fields.ts'
import type { UserFields } from './user-shape.ts'
import type { KnownOwner } from './views/asset.ts'

type Filter = QueryFilter<UserFields>

interface PageRequest {
  /** What a username, or a name from any of its words on, begins with. */
  q: string | undefined
  limit: number
  from: Position | undefined
}

const BY_USERNAME: Order = { field: 'usernameKey', direction: 1 }
/** Sorts after every text. */
const LAST = '\u{10ffff}'

/**
 * Whom a viewer may know of: themselves, who chose to be discoverable unless they are disabled, and an admin everybody. As filters that do
 * not overlap, each served by an index together with the order of names: their pages are merged.
 */
function branchesFor(viewer: Viewer): Filter[] {
  if (viewer?.access === 'admin') return [{}]
  if (!viewer) return [{ discoverable: true, disabled: false }]
  return [{ discoverable: true, disabled: false, _id: { $ne: viewer._id } }, { _id: viewer._id }]
}

const knownTo = (viewer: Viewer): Filter => ({ deleting: false, $or: branchesFor(viewer) })

/** Of these users, those the viewer may know, by their id. */
export async function knownUsers(ids: Types.ObjectId[], viewer: Viewer): Promise<Map<string, KnownOwner>> {
  const self = viewer?._id.toString()
  const others = [...new Set(ids.map(String))].filter((id) => id !== self)
  const users = viewer?.access === 'admin' ? await find(others, viewer) : await discoverable.loadMany(others)
  const known = new Map<string, KnownOwner>()
  if (viewer && self) known.set(self, { id: self, username: viewer.username })
  for (const user of users) {
    if (user instanceof Error) throw user
    if (user) known.set(user.id, user)
  }
  return known
}

/**
 * Whom anybody may know. What many requests ask for at once is one query; nothing is kept for a later one, since
 * a change holds from then on.
 */
const discoverable = new DataLoader<string, KnownOwner | null>(
  async (ids) => {
    const users = new Map((await find(ids, null)).map((user) => [user.id, user]))
    return ids.map((id) => users.get(id) ?? null)
  },
  { cache: false, batchScheduleFn: (load) => setImmediate(load) },
)

async function find(ids: readonly string[], viewer: Viewer): Promise<KnownOwner[]> {
  if (ids.length === 0) return []
  const users = await User.find(
    { _id: { $in: [...new Set(ids)] }, ...knownTo(viewer) },
    { username: 1 },
  ).lean()
  return users.map(({ _id, username }) => ({ id: _id.toString(), username }))
}

/** The id behind a username, if the viewer may know it. */
export async function knownUserId(username: string, viewer: Viewer): Promise<Types.ObjectId | null> {
  const user = await User.findOne(
    { usernameKey: usernameKey(username), ...knownTo(viewer) },
    { _id: 1 },
  ).lean()
  return user?._id ?? null
}

/** The account of an id, if the viewer may know it. */
export async function knownUser(id: string, viewer: Viewer): Promise<UserFields | null> {
  if (!isId(id)) return null
  return User.findOne({ $and: [{ _id: id }, knownTo(viewer)] }).lean()
}

/** A page of the accounts that the viewer may know, by their usernames. */
export async function listKnownUsers(
  viewer: Viewer,
  { q, limit, from }: PageRequest,
): Promise<{ users: UserFields[]; next: Position | null }> {
  const start = foldText(q ?? '')
    .trim()
    .replace(/\s+/gu, ' ')
  const asked: Filter = { deleting: false, ...(start ? { searchKeys: beginningWith(start) } : {}) }
  const pages = await Promise.all(
    branchesFor(viewer).map((branch) =>
      User.find({ $and: [asked, branch, ...(from ? [after(BY_USERNAME, from)] : [])] })
        .sort(sortBy(BY_USERNAME))
        .limit(limit + 1)
        .lean(),
    ),
  )
  const found = pages.flat().sort((one, other) => (one.usernameKey < other.usernameKey ? -1 : 1))
  const { items: users, next } = cut(found, BY_USERNAME, limit)
  return { users, next }
}

/** As a range, which an index on a list of texts serves. */
const beginningWith = (start: string) => ({ $elemMatch: { $gte: start, $lt: `${start}${LAST}` } })
