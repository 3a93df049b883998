import { isDeepStrictEqual } from 'node:util'
import type { Types } from 'mongoose'
import { Asset, type AssetFields, isLocked, isRetained, type PendingDeletion } from '../../models/asset.ts'
import { visibleAsset } from '../../models/asset-access.ts'
import type { AssetObject } from '../../models/asset-files.ts'
import { sameObjects } from '../../models/asset-objects.ts'
import { readWhole, type Whole } from '../../models/file-set.ts'
import type { ConditionalUpdate } from '../../models/plugins/optimistic.ts'
import { type Authority, confirmSender } from '../auth/sender.ts'
import { within } from '../clock.ts'
import type { AssetContext } from '../context.ts'
import { type AppError, locked, notFound, versionConflict } from '../errors.ts'
import { assertAccess } from '../sharing/assert-access.ts'
import { announceDeletion, deletePending, withdrawDeletion } from './pending-deletion.ts'

/** Time after which the event of a deletion is recorded although objects are still being deleted, in milliseconds. */
const RECORD_MS = 1000

interface Forgotten {
  objects: AssetObject[]
  /** The number of files among the objects. */
  files: number
  fileSet?: string | null
}

interface Change {
  /** The sender of the change; undefined when the service itself changes the asset. */
  by: Authority | undefined
  /** Changes the asset only if it still has this version. */
  version?: number | undefined
  /** Returns what the asset will no longer name. */
  forgets: (current: Whole) => Forgotten
  /** Returns the update, conditional on `sameObjects(current)` and on what `by` can do. */
  update: (current: Whole, pendingDeletion: PendingDeletion) => ConditionalUpdate<AssetFields>
  /** Called after the update. */
  settle?: () => Promise<unknown>
  /** Records the event of a deletion. Called when the space is given back, or after a second. */
  record?: (changed: { before: Whole; after: AssetFields }) => Promise<void>
}

/**
 * Changes an asset so that some of its objects are deleted. The update takes place only while the asset has the
 * version and the objects that were read, so that no object is deleted twice. Retries when another request changed
 * the asset first.
 *
 * @returns the asset directly before and after the change
 * @throws `version_conflict`
 * @throws `locked`
 * @throws `not_found` when the asset or the upload does not exist any more
 * @throws what `reloadForRetry` and `confirmSender` throw
 */
export async function changeAsset(
  context: AssetContext,
  asset: Whole,
  change: Change,
): Promise<{ before: Whole; after: AssetFields }> {
  if (change.version !== undefined && change.version !== asset.version) throw versionConflict()
  let pendingDeletion: PendingDeletion
  const changed = await Asset.change(
    asset,
    async (current) => {
      await confirm(change.by, current.owner)
      const { owner } = current
      const now = context.clock.now()
      const { objects, files, fileSet } = change.forgets(current)
      const announced = announceDeletion(owner, objects, files, now)
      pendingDeletion = fileSet ? { ...announced, fileSet } : announced
      return change.update(current, pendingDeletion)
    },
    (tried) => {
      withdrawDeletion(tried.owner, pendingDeletion)
      return reloadForRetry(context, tried, change)
    },
  )
  await change.settle?.()
  let recorded: Promise<void> | undefined
  const record = async () => {
    recorded ??= change.record?.(changed)
    await recorded
  }
  const deleted = deletePending(context.store, changed.after, record).catch((error) =>
    context.log.warn(
      { err: error, asset: asset._id },
      'objects could not be deleted; the sweep will delete them',
    ),
  )
  // readers learn soon of a deletion, even if the store is slow or does not answer
  if (change.record && !(await within(RECORD_MS, deleted))) await record().catch(() => undefined)
  await deleted
  // the event log has logged an error, and the sweep records the event
  await record().catch(() => undefined)
  return changed
}

async function confirm(by: Authority | undefined, owner: Types.ObjectId): Promise<void> {
  if (by) await confirmSender(by, owner)
}

interface Attempt {
  /** The version that the client requires. */
  version?: number | undefined
  /** The sender of the change; undefined when the service itself changes the asset. */
  by?: Authority | undefined
  /** Whether a lock allows the change. */
  anyLock?: boolean
}

/**
 * Reads an asset again after a conditional update did not match, and decides whether a retry can succeed.
 *
 * @throws `not_found` when the asset or its upload does not exist any more, or the sender can no longer read it
 * @throws `forbidden` when the sender can no longer change it
 * @throws `locked`
 * @throws `version_conflict`
 */
export async function reloadForRetry(
  { clock }: Pick<AssetContext, 'clock'>,
  tried: Whole,
  { version, by, anyLock = false }: Attempt,
): Promise<Whole> {
  const { _id } = tried
  const current =
    by && by.access !== 'admin'
      ? await visibleAsset(_id, by.sender.user)
      : await readWhole(() => Asset.ready(_id))
  if (!current) throw notFound()
  if (by && by.access !== 'admin') assertAccess(current, by.sender.user, by.access)
  if (!anyLock && isLocked(current, clock.now())) throw lockedError(current, clock.now())
  if (version !== undefined && current.version !== version) throw versionConflict()
  if (isDeepStrictEqual(sameObjects(current), sameObjects(tried))) throw notFound()
  return current
}

/** Returns the error for a change that a lock forbids. Its details name the lock and its end. */
export function lockedError({ lock }: Pick<AssetFields, 'lock'>, now: Date): AppError {
  const kept = isRetained({ lock }, now)
    ? `a ${lock?.mode} lock runs until ${lock?.until?.toISOString()}`
    : null
  const held = lock?.legalHold ? 'a legal hold runs until it is ended' : null
  return locked([kept, held].flatMap((message) => (message ? [{ field: 'lock', message }] : [])))
}
