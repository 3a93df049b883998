import type { QueryFilter, Types, UpdateQuery } from 'mongoose'
import type { Visibility } from './asset-fields.ts'
import type { AssetFields } from './asset-shape.ts'
import type { Shared } from './plugins/sharing.ts'
import type { AccessLevel } from './user-fields.ts'

/** Whoever asks: a signed-in user, or nobody. What a user may read does not depend on `access`; whom they may know does. */
export type Viewer = { _id: Types.ObjectId; username: string; access?: AccessLevel } | null | undefined

export type Access = 'owner' | 'write' | 'read'

const EVERYBODY = 'public'

/**
 * Owners whose public assets do not follow the state of the account yet. The assets of a disabled or deleted account
 * lose the reader `public`, and get it back with the account; that takes time where there are many. Until it is
 * done, reads look at the owner.
 */
export interface OwnersInTransition {
  /** Their public assets are hidden, whatever `readers` says. */
  hidden: Types.ObjectId[]
  /** Their public assets are shown, whatever `readers` says. */
  shown: Types.ObjectId[]
}

export const NO_TRANSITION: OwnersInTransition = { hidden: [], shown: [] }

/**
 * Who may read an asset, as the assets' `readers` field keeps it: `public`, the owner's id, each collaborator's id.
 * A change of visibility or collaborators adds or removes one of them; every read asks it and nothing else.
 */
export function readersOf(asset: Pick<AssetFields, 'owner' | 'visibility' | 'collaborators'>): string[] {
  const people = [asset.owner, ...asset.collaborators.map(({ user }) => user)].flatMap(
    (id) => id?.toString() ?? [],
  )
  return asset.visibility === 'public' ? [EVERYBODY, ...people] : people
}

/** The part of an update that lets everybody read, or no longer; nothing where visibility stays. */
export function publish(visibility: Visibility | undefined): UpdateQuery<AssetFields> {
  if (!visibility) return {}
  return visibility === 'public' ? { $addToSet: { readers: EVERYBODY } } : { $pull: { readers: EVERYBODY } }
}

/** The names under which a viewer reads: each is one equality on `readers`. */
export function readerNames(viewer: Viewer): string[] {
  return viewer ? [EVERYBODY, viewer._id.toString()] : [EVERYBODY]
}

/** Whether one of these readers is the viewer. */
export function includesViewer(readers: readonly string[], viewer: Viewer): boolean {
  return readerNames(viewer).some((name) => readers.includes(name))
}

/** `visibleTo` of an asset that has been read. */
export function isVisibleTo(
  asset: Pick<AssetFields, 'state' | 'readers' | 'owner' | 'visibility'>,
  viewer: Viewer,
  { hidden, shown }: OwnersInTransition,
): boolean {
  const { state, readers, owner, visibility } = asset
  if (state !== 'ready') return false
  if (viewer && readers.includes(viewer._id.toString())) return true
  const isOneOf = (owners: Types.ObjectId[]) => owners.some((one) => one.equals(owner))
  if (isOneOf(hidden)) return false
  return readers.includes(EVERYBODY) || (visibility === 'public' && isOneOf(shown))
}

/** What everybody may read, as filters that each an index serves. */
export function publicAssets({ hidden, shown }: OwnersInTransition): QueryFilter<AssetFields>[] {
  return [
    { readers: EVERYBODY, ...(hidden.length > 0 ? { owner: { $nin: hidden } } : {}) },
    ...(shown.length > 0 ? [{ visibility: 'public' as const, owner: { $in: shown } }] : []),
  ]
}

/** The one rule of what a viewer may read: list, facets, asset, file, image, zip and link all go through it. */
export function visibleTo(
  viewer: Viewer,
  owners: OwnersInTransition = NO_TRANSITION,
): QueryFilter<AssetFields> {
  const ready = { state: 'ready' as const }
  if (owners.hidden.length + owners.shown.length === 0)
    return { ...ready, readers: { $in: readerNames(viewer) } }
  const own = viewer ? [{ readers: viewer._id.toString() }] : []
  return { ...ready, $or: [...own, ...publicAssets(owners)] }
}

/** What a user may change, or owns, as a filter: a condition of every update that a user makes. */
export function changeableBy({ _id }: NonNullable<Viewer>, access: 'write' | 'owner'): QueryFilter<Shared> {
  if (access === 'owner') return { owner: _id }
  return { $or: [{ owner: _id }, { collaborators: { $elemMatch: { user: _id, access: 'write' } } }] }
}

/** What the viewer may do with what they may read. */
export function accessOf(shared: Pick<Shared, 'owner' | 'collaborators'>, viewer: Viewer): Access {
  if (!viewer) return 'read'
  if (shared.owner.equals(viewer._id)) return 'owner'
  return shared.collaborators.find(({ user }) => user?.equals(viewer._id))?.access ?? 'read'
}
