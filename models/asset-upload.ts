import type { QueryFilter, Types, UpdateQuery } from 'mongoose'
import {
  Asset,
  type AssetFields,
  type Cover,
  notLocked,
  type PendingDeletion,
  type Unsettled,
} from './asset.ts'
import { addPendingDeletion, sameObjects } from './asset-objects.ts'
import type { ConditionalUpdate } from './plugins/optimistic.ts'

/** The fields of an upload that its asset needs. */
interface Expected {
  id: string
  asset: Types.ObjectId
  owner: Types.ObjectId
}

/** Creates an asset that nobody can see until its upload is committed. */
export async function beginAsset({ id, asset, owner }: Expected): Promise<void> {
  const now = new Date()
  await Asset.create({ _id: asset, owner, intents: [id], createdAt: now, updatedAt: now })
}

/** Allows an upload to change an asset later. Returns false when the asset does not exist any more. */
export async function expectUpload({ id, asset }: Expected): Promise<boolean> {
  const { modifiedCount } = await Asset.updateOne({ _id: asset, state: 'ready' }, { $push: { intents: id } })
  return modifiedCount === 1
}

/** Cancels an upload: the asset no longer expects it. Returns the asset before that, or null when it does not exist any more. */
export function cancelUpload({ id, asset }: Pick<Expected, 'id' | 'asset'>): Promise<AssetFields | null> {
  return Asset.findOneAndUpdate({ _id: asset }, { $pull: { intents: id } })
    .lean()
    .exec()
}

/** Cancels the uploads of all assets of an owner. */
export async function cancelUploadsOf(owner: Types.ObjectId): Promise<void> {
  await Asset.updateMany({ owner }, { $set: { intents: [] } })
}

/** Records that the space of a committed upload is counted. */
export async function recordSettled({ id, asset }: Pick<Expected, 'id' | 'asset'>): Promise<void> {
  await Asset.updateOne({ _id: asset }, { $pull: { unsettled: { id } } })
}

/** Deletes an asset whose upload was not committed. Does nothing to another asset. */
export async function removePending(id: Types.ObjectId): Promise<void> {
  await Asset.deleteOne({ _id: id, state: 'pending' })
}

/** Reads the ids of assets created before a time whose upload is not committed. */
export const pendingAssets = (before: Date): AsyncIterable<Pick<AssetFields, '_id'>> =>
  Asset.find({ state: 'pending', createdAt: { $lt: before } }, { _id: 1 })
    .lean()
    .cursor()

interface NewCover {
  cover: Cover
  /** The key of the file that the thumbnail shows. */
  file: string
  /** The current time. A lock that runs then forbids the change. */
  now: Date
  unsettled: Unsettled
}

/**
 * Adds the thumbnail of a file that the asset still has. Does not change the version, because no client changed the
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
  /** The time of the commit. A lock that runs then forbids it. */
  now: Date
  /** The filter of what the sender can change. */
  permitted: QueryFilter<AssetFields>
  unsettled: Unsettled
  pendingDeletion?: PendingDeletion | undefined
}

/**
 * Returns the update that commits an upload: it makes the uploaded objects part of the asset. The update takes place
 * only while the asset still expects the upload. After the update the upload must be settled, not undone.
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
