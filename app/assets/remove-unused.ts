import type { AssetFields } from '../../models/asset.ts'
import type { Sender } from '../auth/sender.ts'
import { refuseUsed } from '../projects/references.ts'
import type { AssetServices } from '../services.ts'
import { removeAsset } from './remove.ts'

interface Options {
  /** Takes the asset out of the scenes that use it. */
  force?: boolean | undefined
  /** Only if the asset is still at it. */
  version?: number | undefined
}

/**
 * Deletes an asset for its owner unless a scene uses it.
 *
 * @throws `conflict` for one that is used, and what `removeAsset` throws
 */
export async function removeUnused(
  services: AssetServices,
  asset: AssetFields,
  sender: Sender,
  { force = false, version }: Options,
): Promise<void> {
  if (!force) await refuseUsed(asset, sender.user)
  await removeAsset(services, asset, sender, version)
}
