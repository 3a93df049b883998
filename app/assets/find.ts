import { Asset, type AssetFields } from '../../models/asset.ts'
import { readConsistently, type Viewer, visibleTo } from '../../models/asset-access.ts'
import { isId } from '../../models/ids.ts'

/** The asset of an id, for the one who asks: null for what they may not read, as for what is not there. */
export async function findAsset(id: string, viewer: Viewer): Promise<AssetFields | null> {
  if (!isId(id)) return null
  return readConsistently((owners) =>
    Asset.findOne({ _id: id, ...visibleTo(viewer, owners) })
      .lean()
      .exec(),
  )
}
