import type { QueryFilter, Types, UpdateQuery } from 'mongoose'
import { Asset, type AssetFields, type Cover, notLocked, type Trash, type Unsettled } from './asset.ts'
import { sameObjects } from './asset-objects.ts'

/** An upload as an asset knows it. */
interface Expected {
  id: string
  asset: Types.ObjectId
  owner: Types.ObjectId
}

/** Makes an asset that nobody sees until its upload is committed. */
export async function beginAsset({ id, asset, owner }: Expected): Promise<void> {
  const now = new Date()
  await Asset.create({ _id: asset, owner, intents: [id], createdAt: now, updatedAt: now })
}

/** Lets an upload change an asset later; false when the asset is no longer there. */
export async function expectUpload({ id, asset }: Expected): Promise<boolean> {
  const { modifiedCount } = await Asset.updateOne({ _id: asset, state: 'ready' }, { $push: { intents: id } })
  return modifiedCount === 1
}

interface NewCover {
  cover: Cover
  /** The key of the file that it was made of. */
  file: string
  /** A lock that runs at this time forbids it. */
  now: Date
  unsettled: Unsettled
}

/**
 * Adds the thumbnail of a file that the asset still has. Changes no version, because clients did not change the
 * asset.
 *
 * @returns the asset after the change, or null when it no longer expects the upload, has another cover or is locked
 */
export function attachCover(
  { id, asset }: Expected,
  { cover, file, now, unsettled }: NewCover,
): Promise<AssetFields | null> {
  return Asset.findOneAndUpdate(
    { _id: asset, state: 'ready', intents: id, cover: null, 'files.key': file, ...notLocked(now) },
    { $set: { cover }, $pull: { intents: id }, $push: { unsettled } },
    { returnDocument: 'after' },
  )
    .lean()
    .exec()
}

interface Change {
  /** What the upload was expected by: a new asset, or one that is there. */
  state: 'pending' | 'ready'
  set: Partial<AssetFields>
  push?: UpdateQuery<AssetFields>['$push']
  /** When it takes place: a lock that runs then forbids it. */
  now: Date
  /** Only if the asset still has this version and these objects. */
  current?: AssetFields
  /** What must still hold of the asset: that the sender may change it. */
  permitted: QueryFilter<AssetFields>
  unsettled: Unsettled
  trash?: Trash | undefined
}

/**
 * The moment an upload counts: one conditional update, which takes place only while the asset still expects
 * it. From then on its bytes are to be settled, never undone.
 *
 * @returns the asset after the change, or null when it was not to be
 */
export function commitUpload({ id, asset }: Expected, change: Change): Promise<AssetFields | null> {
  const { state, set, now, push = {}, permitted, current, unsettled, trash } = change
  return Asset.findOneAndUpdate(
    {
      _id: asset,
      state,
      intents: id,
      ...permitted,
      ...notLocked(now),
      ...(current ? sameObjects(current) : {}),
    },
    {
      $set: { ...set, state: 'ready', updatedAt: now },
      $inc: { version: 1 },
      $pull: { intents: id },
      $push: { ...push, unsettled, ...(trash ? { trash } : {}) },
    },
    { returnDocument: 'after' },
  )
    .lean()
    .exec()
}
