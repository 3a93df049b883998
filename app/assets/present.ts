import type { Viewer } from '../../models/asset-access.ts'
import type { ListedAsset } from '../../models/asset-shape.ts'
import { kindOfViewer, knownUsers } from '../../models/known-users.ts'
import { assetView, type KnownOwner } from '../../models/views/asset.ts'

/** One asset as each of many viewers sees it. */
export async function presentToEach<V extends NonNullable<Viewer>>(
  asset: ListedAsset,
  viewers: V[],
  now: Date,
): Promise<{ viewer: V; view: ReturnType<typeof assetView> }[]> {
  const owners = new Map<string, KnownOwner | null>()
  for (const viewer of viewers) {
    const kind = kindOfViewer(viewer, asset.owner)
    if (owners.has(kind)) continue
    const known = await knownUsers([asset.owner], viewer)
    owners.set(kind, known.get(asset.owner.toString()) ?? null)
  }
  return viewers.map((viewer) => {
    const owner = owners.get(kindOfViewer(viewer, asset.owner)) ?? null
    return { viewer, view: assetView(asset, { viewer, now, owner }) }
  })
}

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
