import type { Types } from 'mongoose'
import { Asset, type AssetFields, type PendingDeletion, type Unsettled } from './asset.ts'
import type { AssetImage, AssetObject, Picture } from './asset-files.ts'
import { countFiles, readAllWhole, readWhole, type Whole } from './file-set.ts'

/**
 * The fields of a stored asset with its objects to delete. Processes of earlier releases use only `trash`, the former
 * name.
 */
interface Holder {
  pendingDeletion?: PendingDeletion[]
  trash?: PendingDeletion[]
}

/** The projection that `pendingDeletionOf` needs. */
const PENDING_DELETION = { pendingDeletion: 1, trash: 1 } as const

/** Returns the objects to delete, including those that a process of an earlier release has added. */
export function pendingDeletionOf({ pendingDeletion = [], trash = [] }: Holder): PendingDeletion[] {
  const ids = new Set(pendingDeletion.map(({ id }) => id))
  return [...pendingDeletion, ...trash.filter(({ id }) => !ids.has(id))]
}

/** Returns filters for `$or`: one for each name of the field. */
const havingPendingDeletion = (id: { $in: string[] } | { $exists: true }) => [
  { 'pendingDeletion.id': id },
  { 'trash.id': id },
]

/** Returns the operand of `$push` that adds an entry, for processes of earlier releases too. */
export const addPendingDeletion = (entry: PendingDeletion) => ({ pendingDeletion: entry, trash: entry })

/** Returns the operand of `$pull` that removes an entry. */
const removePendingDeletion = (id: string) => ({ pendingDeletion: { id }, trash: { id } })

/** Returns every object that an asset names. */
export function objectsOf({
  allFiles,
  ...asset
}: Pick<Whole, 'allFiles' | 'images' | 'cover'>): AssetObject[] {
  return [...allFiles, ...picturesOf(asset)]
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

/**
 * Stores the CRC-32 of files that earlier releases stored without it. No client changes the asset by that, so its version
 * stays. Does nothing when the files were replaced since the asset was read.
 *
 * @param checksums by the keys of the files
 */
export async function keepChecksums(
  { _id, files }: Pick<AssetFields, '_id' | 'files'>,
  checksums: ReadonlyMap<string, number>,
): Promise<void> {
  const measured = [...files.entries()].filter(
    ([, { key, crc32 }]) => crc32 === undefined && checksums.has(key),
  )
  if (measured.length === 0) return
  const same = measured.map(([at, { key }]) => [`files.${at}.key`, key])
  const set = measured.map(([at, { key }]) => [`files.${at}.crc32`, checksums.get(key)])
  await Asset.updateOne({ _id, ...Object.fromEntries(same) }, { $set: Object.fromEntries(set) })
}

export function bytesOf(objects: AssetObject[]): number {
  return objects.reduce((sum, { size }) => sum + size, 0)
}

type Named = Pick<AssetFields, '_id' | 'files' | 'fileSet' | 'images' | 'cover' | 'pendingDeletion' | 'trash'>
const NAMED = { files: 1, fileSet: 1, images: 1, cover: 1, ...PENDING_DELETION } as const

/** Reads the fields that name objects, of each asset of an owner. Read the file sets with `wholeNamed`. */
export const namedObjects = (owner: Types.ObjectId): AsyncIterable<Named> =>
  Asset.find({ owner }, NAMED).lean().cursor()

/**
 * Returns the asset with all its files; null when it is deleted.
 *
 * @throws FileSetMissing
 */
export const wholeNamed = (asset: Types.ObjectId, first?: Named): Promise<Whole<Named> | null> =>
  readWhole<Named>(() => Asset.findById(asset, NAMED).lean().exec(), first)

/** Returns whether an asset names the object of a key. */
export async function isNamed(asset: Types.ObjectId, key: string): Promise<boolean> {
  const found = await wholeNamed(asset)
  return found !== null && objectsOf(found).some((object) => object.key === key)
}

/** Returns whether an asset has a file set, or has to delete it. */
export async function namesFileSet(asset: Types.ObjectId, set: string): Promise<boolean> {
  const found = await Asset.findById(asset, { fileSet: 1, ...PENDING_DELETION }).lean()
  return (
    found !== null &&
    (found.fileSet === set || pendingDeletionOf(found).some(({ fileSet }) => fileSet === set))
  )
}

/** Reads the ids of all users that own an asset. */
export const assetOwners = (): AsyncIterable<{ _id: Types.ObjectId }> =>
  Asset.aggregate<{ _id: Types.ObjectId }>([
    { $match: { fencedAt: null } },
    { $group: { _id: '$owner' } },
  ]).cursor()

/** The fields of an asset that count for the usage of its owner. */
export type Counted = Pick<
  AssetFields,
  'files' | 'fileSet' | 'fileCount' | 'size' | 'images' | 'cover' | 'unsettled' | 'pendingDeletion' | 'trash'
>
const COUNTED = { files: 1, fileSet: 1, fileCount: 1, size: 1, images: 1, cover: 1, unsettled: 1 } as const

/** Reads the fields of an owner's assets that count for the usage. */
export const countedAssets = (owner: Types.ObjectId): AsyncIterable<Counted> =>
  Asset.find({ owner }, { ...COUNTED, ...PENDING_DELETION })
    .lean()
    .cursor()

/** Returns the bytes and the number of an asset's files. A file set never changes, so its sums in the asset are right. */
export const sumsOfFiles = (asset: Counted) =>
  asset.fileSet
    ? { bytes: asset.size, files: countFiles(asset) }
    : { bytes: bytesOf(asset.files), files: asset.files.length }

/** Returns the unsettled entries of these assets. */
export async function unsettledOf(ids: Types.ObjectId[]): Promise<Unsettled[]> {
  if (ids.length === 0) return []
  const assets = await Asset.find({ _id: { $in: ids } }, { unsettled: 1 }).lean()
  return assets.flatMap(({ unsettled }) => unsettled)
}

/** Returns the removals that are not finished, by the id of the owner. */
export async function removalsByOwner(): Promise<Map<string, PendingDeletion[]>> {
  const removals = new Map<string, PendingDeletion[]>()
  const filter = { $or: havingPendingDeletion({ $exists: true }) }
  for await (const asset of Asset.find(filter, { owner: 1, ...PENDING_DELETION })
    .lean()
    .cursor()) {
    const owner = asset.owner.toString()
    removals.set(owner, [...(removals.get(owner) ?? []), ...pendingDeletionOf(asset)])
  }
  return removals
}

/** Returns the removal ids of every asset that has one of the given removals. */
export async function pendingDeletionIds(ids: string[]): Promise<string[]> {
  const assets = await Asset.find({ $or: havingPendingDeletion({ $in: ids }) }, PENDING_DELETION).lean()
  return assets.flatMap((asset) => pendingDeletionOf(asset).map(({ id }) => id))
}

/** Reads the assets that are being deleted or have objects to delete. */
export const assetsToDeleteFrom = (): AsyncIterable<AssetFields> =>
  Asset.find({ $or: [...havingPendingDeletion({ $exists: true }), { state: 'deleting', fencedAt: null }] })
    .lean()
    .cursor()

/** Records that the objects of a removal are deleted, and that the space of it and of these uploads is counted. */
export async function recordDeleted(
  asset: Types.ObjectId,
  removal: string,
  settled: Unsettled[],
): Promise<void> {
  const uploads = settled.length > 0 ? { unsettled: { id: { $in: settled.map(({ id }) => id) } } } : {}
  await Asset.updateOne({ _id: asset }, { $pull: { ...removePendingDeletion(removal), ...uploads } })
}

/** Deletes an asset in state `deleting`. Its objects must be deleted and its removals and uploads settled. */
export async function removeDeleted(asset: Types.ObjectId): Promise<void> {
  await Asset.deleteOne({ _id: asset, state: 'deleting' })
}

/** Reads the assets that have a lock, even an expired lock, because the store can still protect their objects. */
export const assetsWithLock = (): AsyncIterable<Whole> =>
  readAllWhole(
    Asset.find({ lock: { $ne: null } })
      .lean()
      .cursor(),
  )

/**
 * Records that an asset has links. Call it before a link is stored, so that the deletion of the asset removes the link.
 * Returns false when the asset does not exist any more.
 */
export async function recordLinks({
  _id,
  hasLinks,
}: Pick<AssetFields, '_id' | 'hasLinks'>): Promise<boolean> {
  if (hasLinks) return true
  const { matchedCount } = await Asset.updateOne(
    { _id, state: 'ready' },
    { $set: { hasLinks: true } },
    { timestamps: false },
  )
  return matchedCount === 1
}

/** Records that projects refer to assets. Call it before the references are stored. */
export async function recordReferences(assets: Types.ObjectId[]): Promise<void> {
  if (assets.length === 0) return
  await Asset.updateMany(
    { _id: { $in: assets }, inScenes: { $ne: true } },
    { $set: { inScenes: true } },
    { timestamps: false },
  )
}
