import type { mongo } from 'mongoose'
import type { AssetFile } from '../../../models/asset-files.ts'
import type { Keyed } from '../../../models/asset-keys.ts'
import { changeInBatches, collectionOf, type MigrationContext } from './migration.ts'

/** An asset as this or an earlier release stored it. */
export interface StoredAsset extends Omit<Keyed, 'allFiles'> {
  _id: mongo.ObjectId
  owner: mongo.ObjectId
  files?: AssetFile[]
  fileSet?: string | null
  localPath?: string
  version: number
  keysForm?: number
  nameKey?: string
  keys?: string[]
}

export interface StoredFileSet {
  _id: string
  files: AssetFile[]
}

/** Returns the filter of an asset that has not changed since it was read. */
export const unchanged = ({ _id, version, state }: StoredAsset) =>
  ({ _id, version: version ?? null, state: state ?? null }) as Partial<StoredAsset>

/** Returns an asset with the defaults of fields that older releases did not write. */
export const complete = (asset: Partial<StoredAsset> & StoredAsset, allFiles: AssetFile[]): Keyed => ({
  ...asset,
  name: asset.name ?? '',
  description: asset.description ?? '',
  tags: asset.tags ?? [],
  allFiles,
  size: asset.size ?? 0,
  lock: asset.lock ?? null,
})

/** Returns the file sets of assets, by id. */
export async function fileSetsOf(
  assets: readonly Pick<StoredAsset, 'fileSet'>[],
): Promise<Map<string, StoredFileSet>> {
  const ids = assets.flatMap(({ fileSet }) => fileSet ?? [])
  if (ids.length === 0) return new Map()
  const sets = await collectionOf<StoredFileSet>('fileSets')
    .find({ _id: { $in: ids } })
    .toArray()
  return new Map(sets.map((set) => [set._id, set]))
}

type Computed = Partial<StoredAsset>

/**
 * Sets computed fields of all pending assets. An asset that changes between the read and the update keeps that change: if
 * it is still pending, it is read again.
 *
 * @param compute returns the fields of each asset of a batch; an asset that it leaves out is read again
 * @param beforeStored called with each batch before its update, so that what it does is repeated after a crash
 */
export async function setComputed<Set extends Computed>(
  pending: mongo.Filter<StoredAsset>,
  compute: (assets: StoredAsset[]) => Promise<{ asset: StoredAsset; set: Set }[]>,
  context: MigrationContext,
  beforeStored: (changes: { asset: StoredAsset; set: Set }[]) => Promise<void> = async () => undefined,
): Promise<void> {
  let left = true
  while (left) {
    left = false
    await changeInBatches<StoredAsset>(
      'assets',
      pending,
      async (assets, collection) => {
        const changes = await compute(assets)
        left ||= changes.length < assets.length
        if (changes.length === 0) return
        await beforeStored(changes)
        const { matchedCount } = await collection.bulkWrite(
          changes.map(({ asset, set }) => ({
            updateOne: { filter: { ...unchanged(asset), ...pending } as Computed, update: { $set: set } },
          })),
          { ordered: false },
        )
        left ||= matchedCount < assets.length
      },
      context,
    )
  }
}
