import type { AssetFields } from '../../models/asset.ts'
import { readableAsset, type Viewer } from '../../models/asset-access.ts'
import { isId } from '../../models/ids.ts'

/** Returns the asset of an id, or null when there is none or the viewer may not read it. */
export async function findAsset(id: string, viewer: Viewer): Promise<AssetFields | null> {
  if (!isId(id)) return null
  return readableAsset(id, viewer)
}
