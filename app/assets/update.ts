import {
  Asset,
  type AssetFields,
  describeWords,
  isLocked,
  normalizeTags,
  notLocked,
  type Visibility,
} from '../../models/asset.ts'
import { EVERYBODY, visibilityUpdate } from '../../models/asset-access.ts'
import { announced, announcement } from '../../models/asset-announcements.ts'
import { withKeys } from '../../models/asset-keys.ts'
import { type Whole, withSameFiles } from '../../models/file-set.ts'
import type { AssetType } from '../../models/media.ts'
import { hideIfOwnerInactive } from '../accounts/update-readers.ts'
import { accessCondition, confirmSender, type Sender } from '../auth/sender.ts'
import type { AssetContext } from '../context.ts'
import { forbidden } from '../errors.ts'
import { recordAnnounced } from '../events/asset-events.ts'
import type { AuditEntry } from '../events/event-log.ts'
import { assertAccess } from '../sharing/assert-access.ts'
import { lockedError, reloadForRetry } from './change.ts'

/** Fields that a collaborator with write access can change, and the visibility, which only the owner can change. */
export interface AssetChange {
  name?: string
  description?: string
  type?: AssetType
  tags?: string[]
  visibility?: Visibility
}

/**
 * Changes the given fields of an asset.
 *
 * @param version changes the asset only if it still has this version; without it any version
 * @throws `forbidden` when a collaborator changes the visibility, or makes an asset public that was taken down
 * @throws `locked`
 * @throws `version_conflict`
 * @throws `not_found`
 * @throws what `confirmSender` throws
 */
export async function updateAsset(
  { clock, events, log }: Pick<AssetContext, 'clock' | 'events' | 'log'>,
  asset: Whole,
  sender: Sender,
  change: AssetChange,
  version?: number,
): Promise<Whole> {
  const { user } = sender
  const by = { sender, access: change.visibility === undefined ? 'write' : 'owner' } as const
  assertAccess(asset, user, by.access)
  if (Object.keys(change).length === 0) return asset
  const { visibility, ...fields } = change
  const changesProtected = Object.keys(fields).length > 0
  let announcing = announcement()
  const changed = await Asset.change(
    asset,
    async (current) => {
      const now = clock.now()
      if (changesProtected && isLocked(current, now)) throw lockedError(current, now)
      if (visibility === 'public' && current.takenDownAt)
        throw forbidden('An administrator took this asset down. It cannot be made public again.')
      await confirmSender(by, current.owner)
      announcing = announcement({ touched: changesVisibility(current, visibility) ? [EVERYBODY] : [] })
      return {
        conditions: {
          state: 'ready',
          version: version ?? current.version,
          ...accessCondition(by),
          ...(changesProtected ? notLocked(now) : {}),
        },
        update: {
          $set: withKeys({ ...fieldsOf(current, fields), ...(visibility ? { visibility } : {}) }, current),
          $inc: { version: 1, ...(changesVisibility(current, visibility) ? { visibilityEpoch: 1 } : {}) },
          ...visibilityUpdate(visibility),
          $push: announced(announcing),
        },
      }
    },
    (tried) => reloadForRetry({ clock }, tried, { version, by, anyLock: !changesProtected }),
  )
  const [before, after] = [changed.before, withSameFiles(changed)]
  if (visibility) await hideIfOwnerInactive(after)
  const audit: AuditEntry = {
    action: 'asset.visibility_changed',
    user: user._id,
    target: { type: 'asset', id: after._id.toString() },
    details: { visibility: after.visibility },
  }
  const also = changesVisibility(before, visibility) ? { audit } : {}
  await recordAnnounced({ events, log }, after, announcing, also)
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
