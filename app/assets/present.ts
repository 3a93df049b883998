import type { Viewer } from '../../models/asset-access.ts'
import type { ListedAsset } from '../../models/asset-shape.ts'
import { knownUsers } from '../../models/known-users.ts'
import { assetView } from '../../models/views/asset.ts'

/** Assets as a viewer sees them, in the same order. */
export async function presentAssets(assets: ListedAsset[], viewer: Viewer, now: Date) {
  const known = await knownUsers(
    assets.map(({ owner }) => owner),
    viewer,
  )
  return assets.map((asset) =>
    assetView(asset, { viewer, now, owner: known.get(asset.owner.toString()) ?? null }),
  )
}
