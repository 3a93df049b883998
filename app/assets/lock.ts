import {
  Asset,
  type AssetFields,
  isLocked,
  isRetained,
  type Lock,
  type LockMode,
} from '../../models/asset.ts'
import { announced, announcement } from '../../models/asset-announcements.ts'
import { withKeys } from '../../models/asset-keys.ts'
import { objectsOf } from '../../models/asset-objects.ts'
import { type Whole, withSameFiles } from '../../models/file-set.ts'
import { type Authority, accessCondition, confirmSender, type Sender } from '../auth/sender.ts'
import type { AssetContext, Context } from '../context.ts'
import { conflict, forbidden, validationFailed } from '../errors.ts'
import { recordAnnounced } from '../events/asset-events.ts'
import type { AuditEntry } from '../events/event-log.ts'
import { lockedError, reloadForRetry } from './change.ts'

interface LockRequest {
  mode?: LockMode
  until?: Date
  legalHold?: true
}

/**
 * Sets or strengthens the lock of an asset: a retention can be extended, but not shortened or weakened. Locks the
 * objects in the store too when the store supports it.
 *
 * @throws `validation_failed` for a mode without `until`, or `until` without a mode
 * @throws `locked` for a weaker lock
 * @throws `forbidden` for a compliance lock when the service does not allow it
 */
export async function lockAsset(
  context: AssetContext & Pick<Context, 'config'>,
  asset: Whole,
  sender: Sender,
  request: LockRequest,
): Promise<Whole> {
  const now = context.clock.now()
  if (request.mode === 'compliance') await requireComplianceAllowed(context.config, sender)
  const lock = strengthenLock(asset, request, now)
  const { mode, until, legalHold } = lock
  const details = { mode, until: until?.toISOString() ?? null, legalHold }
  return setLock(context, asset, lock, {
    by: { sender, access: 'owner' },
    audit: { action: 'lock.set', user: asset.owner, target: targetOf(asset), details },
  })
}

/**
 * Ends a legal hold. Does not change a retention.
 *
 * @throws `locked` when the asset has a retention and no legal hold
 */
export async function releaseHold(context: AssetContext, asset: Whole, sender: Sender): Promise<void> {
  await endHold(context, asset, {
    by: { sender, access: 'owner' },
    audit: { action: 'lock.released', user: asset.owner, target: targetOf(asset) },
  })
}

/**
 * Ends everything that an admin can end: a legal hold and a governance lock.
 *
 * @throws `locked` when the asset has a compliance lock and no legal hold
 */
export async function liftLock(context: AssetContext, asset: Whole, admin: Sender): Promise<void> {
  const change: LockChange = {
    by: { sender: admin, access: 'admin' },
    audit: {
      action: 'lock.lifted',
      user: admin.user._id,
      concerns: asset.owner,
      target: targetOf(asset),
    },
  }
  const now = context.clock.now()
  if (!isLocked(asset, now)) return
  if (asset.lock?.mode === 'compliance' && isRetained(asset, now)) await endHold(context, asset, change)
  else await setLock(context, asset, null, change)
}

/**
 * Ends a legal hold. Does nothing when the asset has no lock.
 *
 * @throws `locked` when the asset has a retention and no legal hold
 */
async function endHold(context: AssetContext, asset: Whole, change: LockChange): Promise<void> {
  const { lock } = asset
  if (lock?.legalHold) await setLock(context, asset, { ...lock, legalHold: false }, change)
  else if (isRetained(asset, context.clock.now())) throw lockedError(asset, context.clock.now())
}

/**
 * Checks that the sender can set a compliance lock. Nobody can lift such a lock, so the operator decides who can set
 * one.
 *
 * @throws `forbidden`
 */
async function requireComplianceAllowed({ locks }: Context['config'], sender: Sender): Promise<void> {
  if (locks.compliance === 'off') throw forbidden('This service does not allow compliance locks.')
  if (locks.compliance === 'on') return
  if (sender.user.access !== 'admin') throw forbidden('Only admins can set compliance locks here.')
  await confirmSender({ sender, access: 'admin' })
}

const targetOf = ({ _id }: AssetFields) => ({ type: 'asset' as const, id: _id.toString() })

function strengthenLock(asset: AssetFields, { mode, until, legalHold }: LockRequest, now: Date): Lock {
  if (!mode && !until && !legalHold)
    throw incomplete('mode', 'must be given with until, unless legalHold is given')
  if (mode && !until) throw incomplete('until', 'must be given with mode')
  if (until && !mode) throw incomplete('mode', 'must be given with until')
  const kept = isRetained(asset, now) ? asset.lock : null
  const weaker =
    kept && mode && ((kept.mode === 'compliance' && mode !== 'compliance') || isEarlier(until, kept.until))
  if (weaker) throw lockedError(asset, now)
  return {
    mode: mode ?? kept?.mode ?? null,
    until: until ?? kept?.until ?? null,
    legalHold: legalHold ?? asset.lock?.legalHold ?? false,
  }
}

const isEarlier = (one: Date | undefined, other: Date | null) => Boolean(one && other && one < other)
const incomplete = (field: string, message: string) => validationFailed([{ field, message }])

interface LockChange {
  by: Authority
  /** What activity lists show of the change. */
  audit: AuditEntry
}

async function setLock(
  { store, clock, events, log }: AssetContext,
  asset: Whole,
  lock: Lock | null,
  { by, audit }: LockChange,
): Promise<Whole> {
  const announcing = announcement()
  const change = await Asset.change(
    asset,
    async (current) => {
      await confirmSender(by, current.owner)
      return {
        conditions: { state: 'ready', version: current.version, ...accessCondition(by) },
        update: { $set: withKeys({ lock }, current), $inc: { version: 1 }, $push: announced(announcing) },
      }
    },
    // no retry, because the new lock depends on the asset that was read
    async (tried) => {
      await reloadForRetry({ clock }, tried, { by, anyLock: true })
      throw conflict('The asset was changed by another request. Read it again and retry.')
    },
  )
  const changed = withSameFiles(change)
  await store.protect(
    objectsOf(changed).map(({ key }) => key),
    lock,
  )
  await recordAnnounced({ events, log }, changed, announcing, { audit })
  return changed
}
