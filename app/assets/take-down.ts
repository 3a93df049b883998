import type { Types } from 'mongoose'
import type { AssetFields } from '../../models/asset-shape.ts'
import { AppError, forbidden, notFound } from '../errors.ts'
import type { AssetServices } from '../services.ts'
import { readAgain } from './read-again.ts'
import { discardAsset } from './remove.ts'

/**
 * Removes an asset that everybody can read. What its owner has made private meanwhile is theirs alone.
 *
 * @throws `forbidden` for a private asset, `locked`, `not_found`
 */
export async function takeDown(
  services: AssetServices,
  asset: AssetFields,
  admin: { _id: Types.ObjectId },
): Promise<void> {
  for (let current = asset; ; ) {
    if (current.state !== 'ready') throw notFound()
    if (current.visibility !== 'public') throw forbidden()
    try {
      await discardAsset(services, current, current.version)
      break
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'version_conflict')) throw error
      current = await readAgain(services, current, {})
    }
  }
  await services.audit({
    action: 'asset.taken_down',
    user: admin._id,
    concerns: asset.owner,
    target: { type: 'asset', id: asset._id.toString() },
  })
}
