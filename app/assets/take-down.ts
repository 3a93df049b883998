import { isLocked } from '../../models/asset.ts'
import { EVERYBODY, takeDownAsset } from '../../models/asset-access.ts'
import { announcement } from '../../models/asset-announcements.ts'
import type { Whole } from '../../models/file-set.ts'
import { Link } from '../../models/link.ts'
import { retryChange } from '../../models/plugins/optimistic.ts'
import { type Authority, confirmSender, type Sender } from '../auth/sender.ts'
import type { AssetContext } from '../context.ts'
import { AppError, forbidden, notFound } from '../errors.ts'
import { recordAnnounced } from '../events/asset-events.ts'
import type { AuditEntry } from '../events/event-log.ts'
import { reloadForRetry } from './change.ts'
import { discardAsset } from './remove.ts'

/**
 * Takes down a public asset: deletes it, or, if it is locked, makes it private permanently. Does not change an asset
 * that its owner has made private in the meantime.
 *
 * @throws `forbidden` for a private asset
 * @throws `not_found`
 * @throws what `confirmSender` throws
 */
export async function takeDown(context: AssetContext, asset: Whole, admin: Sender): Promise<void> {
  const by = { sender: admin, access: 'admin' } as const
  const audit: AuditEntry = {
    action: 'asset.taken_down',
    user: admin.user._id,
    concerns: asset.owner,
    target: { type: 'asset', id: asset._id.toString() },
  }
  await retryChange(
    asset,
    async (current) => {
      if (current.state !== 'ready') throw notFound()
      if (current.visibility !== 'public') throw forbidden()
      const remove = isLocked(current, context.clock.now()) ? hide : discard
      return (await remove(context, current, by, audit)) || null
    },
    (tried) => reloadForRetry(context, tried, { by, anyLock: true }),
  )
}

/** Deletes an asset. Returns false when it was changed or locked meanwhile. */
async function discard(
  context: AssetContext,
  asset: Whole,
  by: Authority,
  audit: AuditEntry,
): Promise<boolean> {
  try {
    await discardAsset(context, asset, { by, version: asset.version, audit })
    return true
  } catch (error) {
    if (error instanceof AppError && ['version_conflict', 'locked'].includes(error.code)) return false
    throw error
  }
}

/**
 * Makes a locked asset private and revokes its links. Keeps its objects, because of the lock. Returns false when it
 * was changed meanwhile.
 */
async function hide(context: AssetContext, asset: Whole, by: Authority, audit: AuditEntry): Promise<boolean> {
  const { _id, owner } = asset
  const now = context.clock.now()
  await confirmSender(by, owner)
  const change = announcement({ touched: [EVERYBODY] })
  const hidden = await takeDownAsset(asset, now, change)
  if (!hidden) return false
  await Link.revokeAllOf(_id, now)
  await recordAnnounced(context, hidden, change, { audit })
  return true
}
