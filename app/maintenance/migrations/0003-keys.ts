import type { mongo } from 'mongoose'
import type { AssetFile } from '../../../models/asset-files.ts'
import { type Keyed, keysOf } from '../../../models/asset-keys.ts'
import { changeInBatches, type Migration } from './migration.ts'

interface StoredAsset extends Omit<Keyed, 'allFiles'> {
  _id: mongo.ObjectId
  files?: AssetFile[]
  version: number
  keysForm?: number
}

/** The form that this migration stores. A later migration computes the keys again. */
const KEYS_FORM = 1
/** Matches the assets that have no keys. */
const PENDING = { keysForm: { $exists: false } }

/**
 * Computes the keys of assets. Every change of an asset by this release writes its keys too, so that an asset that
 * changes meanwhile keeps the keys of that change.
 */
export const keys: Migration = {
  name: '0003-keys',
  async up(context) {
    let left = true
    // an asset whose version changed meanwhile, without a change of its keys, is read again
    while (left) {
      left = false
      await changeInBatches<StoredAsset>(
        'assets',
        PENDING,
        async (assets, collection) => {
          const { matchedCount } = await collection.bulkWrite(
            assets.map((asset) => ({
              updateOne: {
                filter: { ...unchanged(asset), ...PENDING },
                update: { $set: { keys: keysOf(complete(asset)), keysForm: KEYS_FORM } },
              },
            })),
            { ordered: false },
          )
          left ||= matchedCount < assets.length
        },
        context,
      )
    }
  },
}

/** Returns the filter of an asset that has not changed since it was read. */
const unchanged = ({ _id, version, state }: StoredAsset) =>
  ({ _id, version: version ?? null, state: state ?? null }) as Partial<StoredAsset>

/** Returns an asset with the defaults of fields that older releases did not write. */
const complete = (asset: Partial<StoredAsset> & StoredAsset): Keyed => ({
  ...asset,
  name: asset.name ?? '',
  description: asset.description ?? '',
  tags: asset.tags ?? [],
  // an asset with a file set has its keys from the beginning
  allFiles: asset.files ?? [],
  size: asset.size ?? 0,
  lock: asset.lock ?? null,
})
