import type { QueryFilter, Types, UpdateQuery } from 'mongoose'
import {
  Asset,
  type AssetFields,
  type Cover,
  notLocked,
  type PendingDeletion,
  type Unsettled,
} from './asset.ts'
import { sameObjects } from './asset-objects.ts'
import { addPendingDeletion } from './asset-pending-deletion.ts'
import type { ConditionalUpdate } from './plugins/optimistic.ts'

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

interface Commit {
  /** Fields of the asset to set. */
  set: Partial<AssetFields>
  push?: UpdateQuery<AssetFields>['$push']
  /** The time of the commit: a lock that runs then forbids it. */
  now: Date
  /** The filter of what the sender may change. */
  permitted: QueryFilter<AssetFields>
  unsettled: Unsettled
  pendingDeletion?: PendingDeletion | undefined
}

/**
 * Returns the update that commits an upload: it makes the uploaded objects part of the asset. The update takes place
 * only while the asset still expects the upload. After it the bytes of the upload are to be settled, not undone.
 *
 * @param current the asset that the upload changes, which must still have this version and these objects; absent: the
 *   upload creates the asset
 */
export function commitOf(
  { id }: Pick<Expected, 'id'>,
  { set, now, push = {}, permitted, unsettled, pendingDeletion }: Commit,
  current?: AssetFields,
): ConditionalUpdate<AssetFields> {
  return {
    conditions: {
      state: current ? 'ready' : 'pending',
      intents: id,
      ...permitted,
      ...notLocked(now),
      ...(current ? sameObjects(current) : {}),
    },
    update: {
      $set: { ...set, state: 'ready', updatedAt: now },
      $inc: { version: 1 },
      $pull: { intents: id },
      $push: { ...push, unsettled, ...(pendingDeletion ? addPendingDeletion(pendingDeletion) : {}) },
    },
  }
}

/** Commits the upload of a new asset. Returns the asset, or null when it no longer expects the upload. */
export function commitNewAsset(upload: Expected, commit: Commit): Promise<AssetFields | null> {
  const { conditions, update } = commitOf(upload, commit)
  return Asset.findOneAndUpdate({ _id: upload.asset, ...conditions }, update, { returnDocument: 'after' })
    .lean()
    .exec()
}
