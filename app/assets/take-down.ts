import type { AssetFields } from '../../models/asset-shape.ts'
import { AppError, forbidden, notFound } from '../errors.ts'
import type { AssetServices } from '../services.ts'
import { readAgain } from './read-again.ts'
import { removeAsset } from './remove.ts'

/**
 * Removes an asset that everybody can read. What its owner has made private meanwhile is theirs alone.
 *
 * @throws `forbidden` for a private asset, `locked`, `not_found`
 */
export async function takeDown(services: AssetServices, asset: AssetFields): Promise<void> {
  for (let current = asset; ; ) {
    if (current.state !== 'ready') throw notFound()
    if (current.visibility !== 'public') throw forbidden()
    try {
      return await removeAsset(services, current, current.version)
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'version_conflict')) throw error
      current = await readAgain(services, current, {})
    }
  }
}
