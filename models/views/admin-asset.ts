import { lockView } from '../asset-lock.ts'
import type { AssetFields } from '../asset-shape.ts'
import type { KnownOwner } from './asset.ts'

/** What an admin needs of an asset and no more: nothing of what it is or holds (contract §2). */
export function adminAssetView(asset: AssetFields, owner: KnownOwner | null, now: Date) {
  const { _id, size, visibility, state, createdAt } = asset
  return { id: _id.toString(), owner, size, visibility, state, lock: lockView(asset, now), createdAt }
}
