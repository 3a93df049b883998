import { Asset } from '../../models/asset.ts'
import { type Viewer, visibleTo } from '../../models/asset-access.ts'
import type { AssetFields } from '../../models/asset-shape.ts'

const ID = /^[0-9a-f]{24}$/

/** The asset of an id, for the one who asks: null for what they may not read, as for what is not there. */
export async function findAsset(id: string, viewer: Viewer): Promise<AssetFields | null> {
  return ID.test(id) ? Asset.findOne({ _id: id, ...visibleTo(viewer) }).lean() : null
}
