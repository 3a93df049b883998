import { Asset } from '../../models/asset.ts'
import { readersOf } from '../../models/asset-access.ts'
import { notLocked } from '../../models/asset-lock.ts'
import { objectsOf, sameObjects } from '../../models/asset-objects.ts'
import type { AssetFields } from '../../models/asset-shape.ts'
import type { AssetServices } from '../services.ts'
import { changeAsset } from './change.ts'

const NOTHING = { state: 'deleting', readers: [], files: [], images: [], cover: null, intents: [] } as const

/** Deletes an asset for its owner, on record. As `discardAsset`. */
export async function removeAsset(
  services: AssetServices,
  asset: AssetFields,
  version?: number,
): Promise<void> {
  await discardAsset(services, asset, version)
  await services.audit({
    action: 'asset.deleted',
    user: asset.owner,
    target: { type: 'asset', id: asset._id.toString() },
  })
}

/**
 * Deletes an asset: gone for readers at once, then its objects, its space, its document.
 *
 * @param version only if the asset is still at it
 * @throws `version_conflict`, `locked`, `not_found`
 */
export async function discardAsset(
  services: AssetServices,
  asset: AssetFields,
  version?: number,
): Promise<void> {
  const deleted = await changeAsset(services, asset, {
    version,
    forgets: objectsOf,
    files: ({ files }) => files.length,
    apply: (current, trash) =>
      Asset.findOneAndUpdate(
        { _id: current._id, state: 'ready', ...sameObjects(current), ...notLocked(services.clock.now()) },
        { $set: NOTHING, $push: { trash } },
        { returnDocument: 'after' },
      )
        .lean()
        .exec(),
  })
  const { _id, owner } = deleted
  const readers = readersOf(deleted)
  await services.changes.publish({ kind: 'asset.deleted', asset: _id, owner, readers, space: true })
}
