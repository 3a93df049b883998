import { type QueryFilter, Types, type UpdateQuery } from 'mongoose'
import type { AccessLevel } from './access-level.ts'
import { type Announcement, Asset, type AssetFields, type Visibility } from './asset.ts'
import { withKeys } from './asset-keys.ts'
import { readWhole, type Whole } from './file-set.ts'
import { isId } from './ids.ts'
import { type OwnerState, ownerState, ownerStates } from './owner-states.ts'
import { sharedReads } from './plugins/shared-reads.ts'
import type { Shared } from './plugins/sharing.ts'
import { isInactive, NO_TRANSITION, type OwnersInTransition } from './user-state.ts'

/** A signed-in caller, as the session of the request stores them. */
export interface Caller {
  _id: Types.ObjectId
  username: string
  /** Does not change which assets the caller can read, only which users they can see. */
  access: AccessLevel
  /** The `sessionEpoch` of the user, which signed URLs carry. */
  sessionEpoch: number
  /** Names in the `readers` of assets that stand for the caller, besides the caller's id; at most 200. */
  principals?: readonly string[]
}

/** A user who reads; null for an anonymous caller. */
export type Viewer = (Pick<Caller, '_id' | 'username'> & Partial<Caller>) | null | undefined

export type Access = 'owner' | 'write' | 'read'

/** The name in `readers` that stands for everybody. */
export const EVERYBODY = 'public'

/**
 * Returns the `readers` of an asset: `public`, the owner's id, each collaborator's id. A change of visibility or
 * collaborators adds or removes one of them. Every read uses this field to decide who can read the asset.
 */
export function readersOf(asset: Pick<AssetFields, 'owner' | 'visibility' | 'collaborators'>): string[] {
  const people = [asset.owner, ...asset.collaborators.map(({ user }) => user)].flatMap(
    (id) => id?.toString() ?? [],
  )
  return asset.visibility === 'public' ? [EVERYBODY, ...people] : people
}

/** Returns the part of an update that adds or removes the reader `public`; nothing without a new visibility. */
export function visibilityUpdate(visibility: Visibility | undefined): UpdateQuery<AssetFields> {
  if (!visibility) return {}
  return visibility === 'public' ? { $addToSet: { readers: EVERYBODY } } : { $pull: { readers: EVERYBODY } }
}

/** Returns the values of `readers` that let a viewer read. */
export function readerNames(viewer: Viewer): string[] {
  return [EVERYBODY, ...ownNames(viewer)]
}

/** Returns the values of `readers` that stand for a viewer alone: the id and the principals. */
function ownNames(viewer: Viewer): string[] {
  return viewer ? [viewer._id.toString(), ...(viewer.principals ?? [])] : []
}

/** Returns whether one of these readers is the viewer. */
export function includesViewer(readers: readonly string[], viewer: Viewer): boolean {
  return readerNames(viewer).some((name) => readers.includes(name))
}

type Readable = Pick<AssetFields, 'state' | 'readers' | 'owner' | 'visibility'>

/** Returns whether an asset has a name of the viewer alone as a reader. Then the state of its owner does not matter. */
const isReader = ({ readers }: Pick<AssetFields, 'readers'>, viewer: Viewer): boolean =>
  ownNames(viewer).some((name) => readers.includes(name))

/**
 * Returns whether the viewer can read a loaded asset. Decides as the filter of `visibleTo` does, by the state of the
 * owner in place of the reader `public`, which follows that state.
 */
export function isVisibleTo(asset: Readable, viewer: Viewer, owner: OwnerState | null): boolean {
  if (asset.state !== 'ready') return false
  return isReader(asset, viewer) || (asset.visibility === 'public' && owner !== null && !isInactive(owner))
}

/** Returns the public assets as filters, each served by an index. */
export function publicAssets({ hidden, shown }: OwnersInTransition): QueryFilter<AssetFields>[] {
  return [
    {
      visibility: 'public',
      readers: EVERYBODY,
      ...(hidden.length > 0 ? { $nor: [{ owner: { $in: hidden } }] } : {}),
    },
    ...(shown.length > 0
      ? [{ state: 'ready' as const, visibility: 'public' as const, owner: { $in: shown } }]
      : []),
  ]
}

/** Returns the filter of the assets that a viewer can read: the only rule for lists, facets, assets, files, images and zips. */
export function visibleTo(
  viewer: Viewer,
  owners: OwnersInTransition = NO_TRANSITION,
): QueryFilter<AssetFields> {
  const ready = { state: 'ready' as const }
  if (owners.hidden.length + owners.shown.length === 0)
    return { ...ready, readers: { $in: readerNames(viewer) } }
  const own = viewer ? [{ readers: { $in: ownNames(viewer) } }] : []
  return { ...ready, $or: [...own, ...publicAssets(owners)] }
}

/**
 * Returns the filter of the documents that a user owns or, with `write`, can change. Every update by a user has this
 * condition.
 */
export function changeableBy({ _id }: NonNullable<Viewer>, access: 'write' | 'owner'): QueryFilter<Shared> {
  if (access === 'owner') return { owner: _id }
  return { $or: [{ owner: _id }, { collaborators: { $elemMatch: { user: _id, access: 'write' } } }] }
}

/** Returns the access of a viewer to a document that they can read. */
export function accessOf(shared: Pick<Shared, 'owner' | 'collaborators'>, viewer: Viewer): Access {
  if (!viewer) return 'read'
  if (shared.owner.equals(viewer._id)) return 'owner'
  return shared.collaborators.find(({ user }) => user?.equals(viewer._id))?.access ?? 'read'
}

/**
 * Returns an asset, or null when there is none or the viewer cannot read it. Reads it by `readers` alone, without the
 * owners in transition.
 */
export const visibleAsset = (id: Types.ObjectId | string, viewer: Viewer): Promise<Whole | null> =>
  readWhole(() =>
    Asset.findOne({ _id: id, ...visibleTo(viewer) })
      .lean()
      .exec(),
  )

/** Fields that are large and that only searches use. */
const SEARCHED = { words: 0, keys: 0, termsDue: 0 } as const

/** The owner of a missing asset, so that it is answered as fast as one that the viewer cannot read. */
const NOBODY = new Types.ObjectId('000000000000000000000000')

/** Returns an asset, or null when there is none or the viewer cannot read it. */
export async function readableAsset(id: string, viewer: Viewer): Promise<Whole | null> {
  return isId(id) ? readWhole(() => findReadable(id, viewer)) : null
}

// the driver's own call takes half as long as Mongoose's
const readReady = sharedReads((_id) =>
  Asset.collection.find<AssetFields>({ _id, state: 'ready' }, { projection: SEARCHED }).toArray(),
)

async function findReadable(id: string, viewer: Viewer): Promise<AssetFields | null> {
  const asset = await readReady(id)
  if (asset && isReader(asset, viewer)) return asset
  const owner = await ownerState(asset?.owner ?? NOBODY)
  return asset && isVisibleTo(asset, viewer, owner) ? asset : null
}

/** Returns the given assets that the viewer can read, in no order, without the files of file sets. */
export async function readableAssets(ids: Types.ObjectId[], viewer: Viewer): Promise<AssetFields[]> {
  return onlyVisible(await Asset.find({ _id: { $in: ids }, state: 'ready' }).lean(), viewer)
}

async function onlyVisible<A extends Readable>(assets: A[], viewer: Viewer): Promise<A[]> {
  const ofOthers = assets.filter((asset) => !isReader(asset, viewer))
  const states = await ownerStates(ofOthers.map(({ owner }) => owner))
  return assets.filter((asset) => isVisibleTo(asset, viewer, states.of(asset.owner)))
}

/** Returns the ids of the given assets that the viewer can read. */
export async function readableIds(ids: Types.ObjectId[], viewer: Viewer): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const fields = { state: 1, readers: 1, owner: 1, visibility: 1 } as const
  const found = await onlyVisible(
    await Asset.find({ _id: { $in: ids }, state: 'ready' }, fields).lean(),
    viewer,
  )
  return new Set(found.map(({ _id }) => _id.toString()))
}

/** Largest number of assets that one update changes. */
const BATCH = 1000

/** Removes the reader `public` from all assets of an owner. */
export const hideAssetsOf = (owner: Types.ObjectId): Promise<void> =>
  changeReaders({ owner, readers: EVERYBODY }, visibilityUpdate('private'))

/** Adds the reader `public` to all public assets of an owner. */
export const showAssetsOf = (owner: Types.ObjectId): Promise<void> =>
  changeReaders(
    { owner, state: 'ready', visibility: 'public', readers: { $ne: EVERYBODY } },
    visibilityUpdate('public'),
  )

async function changeReaders(
  filter: QueryFilter<AssetFields>,
  update: UpdateQuery<AssetFields>,
): Promise<void> {
  let ids: Types.ObjectId[] = []
  const apply = async () => {
    await Asset.updateMany({ ...filter, _id: { $in: ids } }, update)
    ids = []
  }
  for await (const { _id } of Asset.find(filter, { _id: 1 }).lean().cursor())
    if (ids.push(_id) === BATCH) await apply()
  if (ids.length > 0) await apply()
}

/** Removes the reader `public` from an asset. */
export async function hideAsset(id: Types.ObjectId): Promise<void> {
  await Asset.updateOne({ _id: id }, visibilityUpdate('private'))
}

/**
 * Makes a public asset private because an admin takes it down. Returns the asset after that; null when the asset changed
 * since it was read or is not public.
 */
export async function takeDownAsset(
  asset: Whole,
  now: Date,
  change: Announcement,
): Promise<AssetFields | null> {
  const { _id, version } = asset
  const set = { visibility: 'private', takenDownAt: now } as const
  return Asset.findOneAndUpdate(
    { _id, state: 'ready', version, visibility: 'public' },
    {
      $set: withKeys(set, asset),
      $inc: { version: 1, visibilityEpoch: 1 },
      ...visibilityUpdate('private'),
      $push: { announcements: change },
    },
    { returnDocument: 'after' },
  )
    .lean()
    .exec()
}

/** Returns whether an owner's `ready` asset was taken down; null when the owner has no such asset. */
export async function isTakenDown(id: Types.ObjectId, owner: Types.ObjectId): Promise<boolean | null> {
  const asset = await Asset.findOne({ _id: id, state: 'ready', owner }, { takenDownAt: 1 }).lean()
  return asset && Boolean(asset.takenDownAt)
}
