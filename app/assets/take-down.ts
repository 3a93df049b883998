import type { AssetFields } from '../../models/asset-shape.ts'
import type { Sender } from '../auth/sender.ts'
import { AppError, forbidden, notFound } from '../errors.ts'
import type { AssetServices } from '../services.ts'
import { readAgain } from './read-again.ts'
import { discardAsset } from './remove.ts'

/**
 * Removes an asset that everybody can read. What its owner has made private meanwhile is theirs alone.
 *
 * @throws `forbidden` for a private asset, `locked`, `not_found`
 */
export async function takeDown(services: AssetServices, asset: AssetFields, admin: Sender): Promise<void> {
  const by = { sender: admin, access: 'admin' } as const
  for (let current = asset; ; ) {
    if (current.state !== 'ready') throw notFound()
    if (current.visibility !== 'public') throw forbidden()
    try {
      await discardAsset(services, current, { by, version: current.version })
      break
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'version_conflict')) throw error
      current = await readAgain(services, current, { by })
    }
  }
  await services.audit({
    action: 'asset.taken_down',
    user: admin.user._id,
    concerns: asset.owner,
    target: { type: 'asset', id: asset._id.toString() },
  })
}
