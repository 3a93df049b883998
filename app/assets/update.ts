import {
  Asset,
  type AssetFields,
  describeWords,
  isLocked,
  normalizeTags,
  notLocked,
  type Visibility,
} from '../../models/asset.ts'
import { visibilityUpdate } from '../../models/asset-access.ts'
import type { AssetType } from '../../models/media.ts'
import { hideIfOwnerInactive } from '../accounts/update-readers.ts'
import { accessCondition, confirmSender, type Sender } from '../auth/sender.ts'
import type { AssetContext } from '../context.ts'
import { forbidden } from '../errors.ts'
import { assertAccess } from '../sharing/assert-access.ts'
import { lockedError, reloadForRetry } from './change.ts'

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
 * @throws `forbidden` when a writer changes the visibility, or an asset that was taken down is to be public, `locked`, `version_conflict`, `not_found`, and what
 *   `confirmSender` throws
 */
export async function updateAsset(
  { audit, changes, clock }: Pick<AssetContext, 'audit' | 'changes' | 'clock'>,
  asset: AssetFields,
  sender: Sender,
  change: AssetChange,
  version?: number,
): Promise<AssetFields> {
  const { user } = sender
  const by = { sender, access: change.visibility === undefined ? 'write' : 'owner' } as const
  assertAccess(asset, user, by.access)
  if (Object.keys(change).length === 0) return asset
  const { visibility, ...fields } = change
  const protectedToo = Object.keys(fields).length > 0
  const { before, after } = await Asset.change(
    asset,
    async (current) => {
      const now = clock.now()
      if (protectedToo && isLocked(current, now)) throw lockedError(current, now)
      if (visibility === 'public' && current.takenDownAt)
        throw forbidden('An administrator took this asset down: it stays private.')
      await confirmSender(by, current.owner)
      return {
        conditions: {
          state: 'ready',
          version: version ?? current.version,
          ...accessCondition(by),
          ...(protectedToo ? notLocked(now) : {}),
        },
        update: {
          $set: { ...fieldsOf(current, fields), ...(visibility ? { visibility } : {}), updatedAt: now },
          $inc: { version: 1, ...(changesVisibility(current, visibility) ? { visibilityEpoch: 1 } : {}) },
          ...visibilityUpdate(visibility),
        },
      }
    },
    (tried) => reloadForRetry({ clock }, tried, { version, by, anyLock: !protectedToo }),
  )
  if (visibility) await hideIfOwnerInactive(after)
  if (changesVisibility(before, visibility))
    await audit({
      action: 'asset.visibility_changed',
      user: user._id,
      target: { type: 'asset', id: after._id.toString() },
      details: { visibility: after.visibility },
    })
  await changes.publish({ kind: 'asset.updated', asset: after._id, owner: after.owner })
  return after
}

const changesVisibility = (current: AssetFields, visibility: Visibility | undefined) =>
  visibility !== undefined && visibility !== current.visibility

function fieldsOf(current: AssetFields, { tags, type, ...texts }: Omit<AssetChange, 'visibility'>) {
  const described = {
    name: texts.name ?? current.name,
    description: texts.description ?? current.description,
    tags: tags ? normalizeTags(tags) : current.tags,
  }
  return { ...described, ...describeWords(described), ...(type ? { type, typeGiven: true } : {}) }
}
