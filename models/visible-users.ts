import type { QueryFilter, Types } from 'mongoose'
import type { Viewer } from './asset-access.ts'
import { isId } from './ids.ts'
import { type OwnerState, ownerStates } from './owner-states.ts'
import { afterPosition, type Order, type Position, sortBy, toPage } from './plugins/page.ts'
import { foldText } from './text.ts'
import { User, type UserFields, usernameKey } from './user.ts'

type Filter = QueryFilter<UserFields>

/** Fields of the owner of an asset or a project that a viewer can see. */
export interface VisibleUser {
  id: string
  username: string
}

interface PageRequest {
  /** A prefix of the username, or of the name from one of its words. */
  q: string | undefined
  limit: number
  from: Position | undefined
}

const BY_USERNAME: Order = { field: 'usernameKey', direction: 1 }
/** Sorts after every text. */
const LAST = '\u{10ffff}'

/**
 * Returns the accounts that a viewer can see, as filters that do not overlap. An index serves each of them together with
 * the order of usernames. Users see their own account and every discoverable account that is not disabled. Admins see
 * all accounts.
 */
function branchesFor(viewer: Viewer): Filter[] {
  if (viewer?.access === 'admin') return [{}]
  if (!viewer) return [{ discoverable: true, disabled: false }]
  return [{ discoverable: true, disabled: false, _id: { $ne: viewer._id } }, { _id: viewer._id }]
}

const visibleAccounts = (viewer: Viewer): Filter => ({ deleting: false, $or: branchesFor(viewer) })

/** Returns the users among these ids that the viewer can see, by their ids. */
export async function visibleUsers(ids: Types.ObjectId[], viewer: Viewer): Promise<Map<string, VisibleUser>> {
  const self = viewer?._id.toString()
  const others = ids.filter((id) => id.toString() !== self)
  const visible = new Map<string, VisibleUser>()
  if (viewer && self) visible.set(self, { id: self, username: viewer.username })
  const states = others.length > 0 ? await ownerStates(others) : null
  for (const owner of others) {
    const state = states?.of(owner)
    const id = owner.toString()
    if (state && canSee(viewer, state)) visible.set(id, { id, username: state.username })
  }
  return visible
}

/** Returns whether a viewer can see the account of somebody else. Decides as `visibleAccounts` does. */
const canSee = (viewer: Viewer, { discoverable, disabled, deleting }: OwnerState): boolean =>
  !deleting && (viewer?.access === 'admin' || (discoverable && !disabled))

/** Returns the ids of usernames, without the accounts that the viewer cannot see. */
export async function visibleUserIds(
  usernames: readonly string[],
  viewer: Viewer,
): Promise<Types.ObjectId[]> {
  const users = await User.find(
    { usernameKey: { $in: usernames.map(usernameKey) }, ...visibleAccounts(viewer) },
    { _id: 1 },
  ).lean()
  return users.map(({ _id }) => _id)
}

/** Returns the account of an id, or null when the viewer cannot see it. */
export async function visibleUser(id: string, viewer: Viewer): Promise<UserFields | null> {
  if (!isId(id)) return null
  return User.findOne({ $and: [{ _id: id }, visibleAccounts(viewer)] }).lean()
}

/** Returns a page of the accounts that the viewer can see, ordered by username. */
export async function listVisibleUsers(
  viewer: Viewer,
  { q, limit, from }: PageRequest,
): Promise<{ users: UserFields[]; next: Position | null }> {
  const start = foldText(q ?? '')
    .trim()
    .replace(/\s+/gu, ' ')
  const asked: Filter = { deleting: false, ...(start ? { searchKeys: beginningWith(start) } : {}) }
  const pages = await Promise.all(
    branchesFor(viewer).map((branch) =>
      User.find({ $and: [asked, branch, ...(from ? [afterPosition(BY_USERNAME, from)] : [])] })
        .sort(sortBy(BY_USERNAME))
        .limit(limit + 1)
        .lean(),
    ),
  )
  const found = pages.flat().sort((one, other) => (one.usernameKey < other.usernameKey ? -1 : 1))
  const { items: users, next } = toPage(found, BY_USERNAME, limit)
  return { users, next }
}

/** Returns the filter of a prefix as a range, which an index on a list of texts serves. */
const beginningWith = (start: string) => ({ $elemMatch: { $gte: start, $lt: `${start}${LAST}` } })
