import type { Types } from 'mongoose'
import {
  Asset,
  type AssetFields,
  type AssetImage,
  type AssetObject,
  type PendingDeletion,
  type Picture,
} from './asset.ts'

/**
 * The fields of a stored asset with its objects to delete. Processes of earlier releases use only `trash`, the former
 * name.
 */
interface Holder {
  pendingDeletion?: PendingDeletion[]
  trash?: PendingDeletion[]
}

/** The projection that `pendingDeletionOf` needs. */
export const PENDING_DELETION = { pendingDeletion: 1, trash: 1 } as const

/** Returns the objects to delete, including those that a process of an earlier release has added. */
export function pendingDeletionOf({ pendingDeletion = [], trash = [] }: Holder): PendingDeletion[] {
  const ids = new Set(pendingDeletion.map(({ id }) => id))
  return [...pendingDeletion, ...trash.filter(({ id }) => !ids.has(id))]
}

/** Returns filters for `$or`: one for each name of the field. */
export const havingPendingDeletion = (id: { $in: string[] } | { $exists: true }) => [
  { 'pendingDeletion.id': id },
  { 'trash.id': id },
]

/** Matches an asset that has no objects to delete. */
export const NO_PENDING_DELETION = {
  'pendingDeletion.id': { $exists: false },
  'trash.id': { $exists: false },
}

/** Returns the operand of `$push` that adds an entry, for processes of earlier releases too. */
export const addPendingDeletion = (entry: PendingDeletion) => ({ pendingDeletion: entry, trash: entry })

/** Returns the operand of `$pull` that removes an entry. */
export const removePendingDeletion = (id: string) => ({ pendingDeletion: { id }, trash: { id } })

/** Returns every object that an asset names. */
export function objectsOf({
  files,
  images,
  cover,
}: Pick<AssetFields, 'files' | 'images' | 'cover'>): AssetObject[] {
  return [...files, ...images.flatMap(objectsOfImage), ...(cover ? [cover] : [])]
}

export const objectsOfImage = (image: AssetImage): AssetObject[] => [image, image.thumbnail]

/** Returns the pictures of an asset: preview images, their thumbnails, its own thumbnail. */
export function picturesOf({ images, cover }: Pick<AssetFields, 'images' | 'cover'>): Picture[] {
  return [...images.flatMap((image) => [image, image.thumbnail]), ...(cover ? [cover] : [])]
}

/**
 * Returns the condition that an asset still names the objects that it named when it was read. The version alone is not
 * enough, because a thumbnail is added without a new version.
 */
export const sameObjects = ({ version, cover }: Pick<AssetFields, 'version' | 'cover'>) => ({
  version,
  'cover.key': cover?.key ?? null,
})

export function bytesOf(objects: AssetObject[]): number {
  return objects.reduce((sum, { size }) => sum + size, 0)
}

type Named = Pick<AssetFields, '_id' | 'files' | 'images' | 'cover' | 'pendingDeletion' | 'trash'>
const NAMED = { files: 1, images: 1, cover: 1, ...PENDING_DELETION } as const

/** Reads the objects that each asset of an owner names. */
export const namedObjects = (owner: Types.ObjectId): AsyncIterable<Named> =>
  Asset.find({ owner }, NAMED).lean().cursor()

/** Returns whether an asset names the object of a key. */
export async function isNamed(asset: Types.ObjectId, key: string): Promise<boolean> {
  const found = await Asset.findById(asset, NAMED).lean()
  return found !== null && objectsOf(found).some((object) => object.key === key)
}

/** Reads the ids of all users that own an asset. */
export const assetOwners = (): AsyncIterable<{ _id: Types.ObjectId }> =>
  Asset.aggregate<{ _id: Types.ObjectId }>([{ $group: { _id: '$owner' } }]).cursor()

/** The fields of an asset that count for the usage of its owner. */
export type Counted = Pick<
  AssetFields,
  'files' | 'images' | 'cover' | 'unsettled' | 'pendingDeletion' | 'trash'
>

/** Reads the fields of an owner's assets that count for the usage. */
export const countedAssets = (owner: Types.ObjectId): AsyncIterable<Counted> =>
  Asset.find({ owner }, { files: 1, images: 1, cover: 1, unsettled: 1, ...PENDING_DELETION })
    .lean()
    .cursor()

/** Returns the entries that are not counted yet: of these assets, and of every asset that has one of these removals. */
export const uncounted = (
  assets: Types.ObjectId[],
  removals: string[],
): Promise<Pick<AssetFields, 'unsettled' | 'pendingDeletion' | 'trash'>[]> =>
  Asset.find(
    { $or: [{ _id: { $in: assets } }, ...havingPendingDeletion({ $in: removals })] },
    { unsettled: 1, ...PENDING_DELETION },
  )
    .lean()
    .exec()

/** Returns the removal ids of every asset that has one of the given removals. */
export async function pendingDeletionIds(ids: string[]): Promise<string[]> {
  const assets = await Asset.find({ $or: havingPendingDeletion({ $in: ids }) }, PENDING_DELETION).lean()
  return assets.flatMap((asset) => pendingDeletionOf(asset).map(({ id }) => id))
}

/** Reads the assets that are being deleted or have objects to delete. */
export const assetsToDeleteFrom = (): AsyncIterable<AssetFields> =>
  Asset.find({ $or: [...havingPendingDeletion({ $exists: true }), { state: 'deleting' }] })
    .lean()
    .cursor()

/** Records that the objects of a removal are deleted. */
export async function recordDeleted(asset: Types.ObjectId, removal: string): Promise<void> {
  await Asset.updateOne({ _id: asset }, { $pull: removePendingDeletion(removal) })
}

/** Deletes an asset in state `deleting` that has no objects and no uncounted space left. */
export async function removeDeleted(asset: Types.ObjectId): Promise<void> {
  await Asset.deleteOne({ _id: asset, state: 'deleting', ...NO_PENDING_DELETION, unsettled: { $size: 0 } })
}

/** Reads the assets that have a lock, even an expired lock, because the store can still protect their objects. */
export const assetsWithLock = (): AsyncIterable<AssetFields> =>
  Asset.find({ lock: { $ne: null } })
    .lean()
    .cursor()
