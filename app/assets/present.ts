import type { ListedAsset } from '../../models/asset.ts'
import type { Viewer } from '../../models/asset-access.ts'
import { assetView } from '../../models/views/asset.ts'
import { visibleUsers } from '../../models/visible-users.ts'

/** Assets as a viewer sees them, in the same order. */
export async function presentAssets(assets: ListedAsset[], viewer: Viewer, now: Date) {
  const known = await visibleUsers(
    assets.map(({ owner }) => owner),
    viewer,
  )
  return assets.map((asset) =>
    assetView(asset, { viewer, now, owner: known.get(asset.owner.toString()) ?? null }),
  )
}
