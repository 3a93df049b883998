import type { Types } from 'mongoose'
import { Asset } from '../../models/asset.ts'
import { accessOf, readersOf } from '../../models/asset-access.ts'
import { normalizeTags, type Visibility } from '../../models/asset-fields.ts'
import type { AssetFields } from '../../models/asset-shape.ts'
import { describeWords } from '../../models/asset-words.ts'
import type { AssetType } from '../../models/media.ts'
import { forbidden, notFound, versionConflict } from '../errors.ts'

/** Fields a writer may change, and visibility, which is the owner's. */
export interface AssetChange {
  name?: string
  description?: string
  type?: AssetType
  tags?: string[]
  visibility?: Visibility
}

/**
 * Changes fields of an asset; those not named stay.
 *
 * @param version only if the asset is still at it; without it the change is made to whatever is there
 * @throws `forbidden` when a writer changes the visibility, `version_conflict`, `not_found`
 */
export async function updateAsset(
  asset: AssetFields,
  user: { _id: Types.ObjectId },
  change: AssetChange,
  version?: number,
): Promise<AssetFields> {
  if (change.visibility !== undefined && accessOf(asset, user) !== 'owner') throw forbidden()
  if (Object.keys(change).length === 0) return asset
  for (let current = asset; ; ) {
    const changed = await Asset.findOneAndUpdate(
      { _id: current._id, state: 'ready', version: version ?? current.version },
      { $set: fieldsOf(current, change), $inc: { version: 1 } },
      { returnDocument: 'after' },
    ).lean()
    if (changed) return changed
    const now = await Asset.findOne({ _id: asset._id, state: 'ready' }).lean()
    if (!now) throw notFound()
    if (version !== undefined) throw versionConflict()
    current = now
  }
}

function fieldsOf(
  current: AssetFields,
  { tags, type, visibility, ...texts }: AssetChange,
): Partial<AssetFields> {
  const described = {
    name: texts.name ?? current.name,
    description: texts.description ?? current.description,
    tags: tags ? normalizeTags(tags) : current.tags,
  }
  return {
    ...described,
    ...describeWords(described),
    ...(type ? { type, typeGiven: true } : {}),
    ...(visibility ? { visibility, readers: readersOf({ ...current, visibility }) } : {}),
    updatedAt: new Date(),
  }
}
