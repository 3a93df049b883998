import { type QueryFilter, Types, type UpdateQuery } from 'mongoose'
import { Asset, type AssetFields, notLocked, type PendingDeletion, type Unsettled } from './asset.ts'
import type { Cover } from './asset-files.ts'
import { coverJob } from './asset-jobs.ts'
import { KEYS_FORM } from './asset-keys.ts'
import { addPendingDeletion, sameObjects } from './asset-objects.ts'
import { isDuplicateKey } from './database-errors.ts'
import { newAsset } from './new-asset.ts'
import type { ConditionalUpdate } from './plugins/optimistic.ts'

/** The fields of an upload that its asset needs. */
interface Expected {
  id: string
  asset: Types.ObjectId
  owner: Types.ObjectId
}

/** The owner of tombstones: no user has this id. */
export const NOBODY = new Types.ObjectId('0'.repeat(24))

/** Fields of a new asset besides those that its upload determines. */
export type NewAssetFields = Partial<AssetFields> & Pick<AssetFields, 'unsettled'>

/**
 * Commits the upload of a new asset: stores the asset. The upload must be settled afterwards, not undone. Returns null
 * when a tombstone of `fenceAsset` prevents it.
 */
export async function insertAsset(
  { id, asset, owner }: Expected,
  fields: NewAssetFields,
): Promise<AssetFields | null> {
  try {
    const created = newAsset({ ...fields, ...{ _id: asset, owner, state: 'ready', version: 1 } })
    await Asset.collection.insertOne(created, { ignoreUndefined: true })
    return created
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    // the driver repeats an insert after it lost the response
    return Asset.findOne({ _id: asset, 'unsettled.id': id }).lean().exec()
  }
}

/**
 * Prevents that the upload of a new asset is committed: stores a tombstone in its place. Does nothing when it is
 * committed already.
 *
 * @returns the committed asset; null when it can no longer be committed
 */
export async function fenceAsset(id: Types.ObjectId): Promise<AssetFields | null> {
  const fencedAt = new Date()
  try {
    await Asset.create({ _id: id, owner: NOBODY, state: 'deleting', keysForm: KEYS_FORM, fencedAt })
    return null
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    return Asset.findOne({ _id: id, fencedAt: null }).lean().exec()
  }
}

/** Removes the tombstones that were stored before a time. */
export async function removeTombstones(before: Date): Promise<void> {
  await Asset.deleteMany({ state: 'deleting', fencedAt: { $lt: before } })
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

/** Deletes an asset that an upload of an earlier release did not commit. Does nothing to another asset. */
export async function removePending(id: Types.ObjectId): Promise<void> {
  await Asset.deleteOne({ _id: id, state: 'pending' })
}

/** Reads the ids of assets created before a time that an upload of an earlier release did not commit. */
export const pendingAssets = (before: Date): AsyncIterable<Pick<AssetFields, '_id'>> =>
  Asset.find({ state: 'pending', createdAt: { $lt: before } }, { _id: 1 })
    .lean()
    .cursor()

interface NewCover {
  cover: Cover
  /** The key of the file that the thumbnail shows. */
  file: string
  /** The file set of that file. */
  fileSet: string | null
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
  { cover, file, fileSet, now, unsettled }: NewCover,
): Promise<AssetFields | null> {
  return Asset.findOneAndUpdate(
    {
      _id: asset,
      state: 'ready',
      intents: id,
      cover: null,
      ...(fileSet ? { fileSet } : { 'files.key': file }),
      ...notLocked(now),
    },
    { $set: { cover }, $pull: { intents: id }, $push: { unsettled }, ...coverJob.ended },
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
 * Returns the update that commits an upload to an existing asset: it makes the uploaded objects part of the asset. The
 * update takes place only while the asset still expects the upload. Afterwards the upload must be settled, not undone.
 *
 * @param current the asset as it was read; it must still have this version and these objects
 */
export function commitOf(
  { id }: Pick<Expected, 'id'>,
  { set, now, push = {}, permitted, unsettled, pendingDeletion }: Commit,
  current: AssetFields,
): ConditionalUpdate<AssetFields> {
  return {
    conditions: {
      state: 'ready',
      intents: id,
      ...permitted,
      ...notLocked(now),
      ...sameObjects(current),
    },
    update: {
      $set: set,
      $inc: { version: 1 },
      $pull: { intents: id },
      $push: { ...push, unsettled, ...(pendingDeletion ? addPendingDeletion(pendingDeletion) : {}) },
    },
  }
}
