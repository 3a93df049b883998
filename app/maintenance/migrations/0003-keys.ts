import { keysOf } from '../../../models/asset-keys.ts'
import type { Migration } from './migration.ts'
import { complete, setComputed } from './stored-asset.ts'

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
  up: (context) =>
    setComputed(
      PENDING,
      async (assets) =>
        assets.map((asset) => ({
          asset,
          // an asset with a file set has its keys from the beginning
          set: { keys: keysOf(complete(asset, asset.files ?? [])), keysForm: KEYS_FORM },
        })),
      context,
    ),
}
