import { isDeepStrictEqual } from 'node:util'
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
import type { AssetType, Media } from '../../models/media.ts'
import { hideIfOwnerInactive } from '../accounts/update-readers.ts'
import { accessCondition, confirmSender, type Sender } from '../auth/sender.ts'
import type { AssetContext } from '../context.ts'
import { forbidden } from '../errors.ts'
import { recordAnnounced } from '../events/asset-events.ts'
import type { AuditEntry } from '../events/event-log.ts'
import { assertAccess } from '../sharing/assert-access.ts'
import { lockedError, reloadForRetry } from './change.ts'
import { describeFiles } from './create.ts'

/** Fields that a collaborator with write access can change, and the visibility, which only the owner can change. */
export interface AssetChange {
  name?: string
  description?: string
  /** Null: detected from the files. A detected type follows the kind of media. */
  type?: AssetType | null
  /** Null: detected from the files. */
  media?: Media | null
  tags?: string[]
  visibility?: Visibility
  /** Null clears it. */
  license?: string | null
  source?: string | null
}

/**
 * Changes the given fields of an asset. A change to the values that the asset has makes no version and no event.
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
  let changesProtected = false
  let announcing = announcement()
  const changed = await Asset.change(
    asset,
    async (current) => {
      const now = clock.now()
      const { visibility, ...fields } = changesOf(current, change)
      changesProtected = Object.keys(fields).length > 0
      if (changesProtected && isLocked(current, now)) throw lockedError(current, now)
      if (visibility === 'public' && current.takenDownAt)
        throw forbidden('An administrator took this asset down. It cannot be made public again.')
      await confirmSender(by, current.owner)
      if (!changesProtected && visibility === undefined) return null
      const { typeGiven: _type, mediaGiven: _media, ...visible } = fields
      const isVisible = visibility !== undefined || Object.keys(visible).length > 0
      const described = { ...current, ...fields }
      announcing = announcement({ touched: visibility ? [EVERYBODY] : [] })
      return {
        conditions: {
          state: 'ready',
          version: version ?? current.version,
          ...accessCondition(by),
          ...(changesProtected ? notLocked(now) : {}),
        },
        update: {
          $set: withKeys(
            { ...fields, ...describeWords(described), ...(visibility ? { visibility } : {}) },
            current,
          ),
          ...(isVisible
            ? {
                $inc: { version: 1, ...(visibility ? { visibilityEpoch: 1 } : {}) },
                $push: announced(announcing),
              }
            : {}),
          ...visibilityUpdate(visibility),
        },
      }
    },
    (tried) => reloadForRetry({ clock }, tried, { version, by, anyLock: !changesProtected }),
  )
  const [before, after] = [changed.before, withSameFiles(changed)]
  if (before.version === after.version) return after
  const changesVisibility = before.visibility !== after.visibility
  if (changesVisibility) await hideIfOwnerInactive(after)
  const audit: AuditEntry = {
    action: 'asset.visibility_changed',
    user: user._id,
    target: { type: 'asset', id: after._id.toString() },
    details: { visibility: after.visibility },
  }
  await recordAnnounced({ events, log }, after, announcing, changesVisibility ? { audit } : {})
  return after
}

type Changes = Partial<
  Pick<
    AssetFields,
    | 'name'
    | 'description'
    | 'tags'
    | 'type'
    | 'typeGiven'
    | 'media'
    | 'mediaGiven'
    | 'visibility'
    | 'license'
    | 'source'
  >
>

/**
 * Returns the fields of an asset that a change sets to another value. The same type or kind of media is only noted as
 * given, so that other files do not change it.
 */
function changesOf(current: Whole, { type, media, tags, ...others }: AssetChange): Changes {
  const wanted: Changes = {
    ...others,
    ...(tags ? { tags: normalizeTags(tags) } : {}),
    ...correctionsOf(current, type, media),
  }
  const changes = Object.entries(wanted).filter(
    ([field, value]) => !isDeepStrictEqual(value, current[field as keyof Changes] ?? null),
  )
  return Object.fromEntries(changes)
}

function correctionsOf(
  current: Whole,
  type: AssetType | null | undefined,
  media: Media | null | undefined,
): Pick<Changes, 'type' | 'typeGiven' | 'media' | 'mediaGiven'> {
  if (type === undefined && media === undefined) return {}
  const given = {
    ...(type === undefined ? {} : { typeGiven: type !== null }),
    ...(media === undefined ? {} : { mediaGiven: media !== null }),
  }
  const corrected = { ...current, ...given, ...(type ? { type } : {}), ...(media ? { media } : {}) }
  const described = describeFiles(current.allFiles, corrected)
  return { ...given, type: described.type, media: described.media }
}
