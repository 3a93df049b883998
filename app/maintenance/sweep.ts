import { assetsToDeleteFrom } from '../../models/asset-objects.ts'
import { removeTombstones } from '../../models/asset-upload.ts'
import { IdempotencyKey } from '../../models/idempotency-key.ts'
import { Link } from '../../models/link.ts'
import { matchSessions, usersOfOutdatedSessions } from '../../models/session-account.ts'
import { staleUploads } from '../../models/upload.ts'
import { usersInTransition, usersToDelete } from '../../models/user-state.ts'
import { finishDeletion } from '../accounts/delete-account.ts'
import { updateReaders } from '../accounts/update-readers.ts'
import { resumeDeletion } from '../assets/pending-deletion.ts'
import type { AssetContext } from '../context.ts'
import { recordOverdue } from '../events/asset-events.ts'
import { removeOrphanFiles } from '../media/spool.ts'
import { sweptItems } from '../metrics/counters.ts'
import { undoUpload } from '../uploads/undo-upload.ts'
import { abortOrphanObjects, releaseOrphanReservations } from './orphans.ts'

/** Grace period before an orphan is removed, as a multiple of `staleMs`. */
const ORPHAN_GRACE = 5
/** How long a tombstone prevents the commit of an undone upload, in milliseconds. No request takes that long. */
const TOMBSTONE_MS = 24 * 3_600_000

/**
 * Cleans up after processes that died: discards uploads without a heartbeat, deletes objects marked for deletion,
 * records changes without an event, finishes account deletions and changes of sessions and readers, removes orphaned objects, reservations, temporary files,
 * old uses of links and expired idempotency keys.
 * Requests and sweeps of other processes can run at the same time. A step that fails is logged and repeated by the
 * next sweep.
 *
 * @returns whether all steps succeeded
 */
export async function sweep(context: AssetContext): Promise<boolean> {
  const { store, staleMs } = context
  let isComplete = true
  /** @param kind label of the items that the step handles */
  const attempt = async (task: string, run: () => Promise<unknown>, kind?: string) => {
    try {
      const handled = await run()
      if (kind) sweptItems.inc({ kind }, typeof handled === 'number' ? handled : 1)
    } catch (error) {
      isComplete = false
      context.log.warn({ err: error }, `the sweep could not ${task}; the next sweep tries again`)
    }
  }

  for (const upload of await staleUploads(staleMs))
    await attempt('discard a stale upload', () => undoUpload(context, upload), 'uploads')

  for await (const asset of assetsToDeleteFrom())
    await attempt('delete objects marked for deletion', () => resumeDeletion(context, asset), 'deletions')

  await attempt('record changes', () => recordOverdue(context))

  for await (const user of usersToDelete())
    await attempt('finish an account deletion', () => finishDeletion(context, user._id), 'accounts')

  for await (const user of usersOfOutdatedSessions())
    await attempt('update the sessions of a changed account', () => matchSessions(user))

  for await (const user of usersInTransition())
    await attempt('update the readers of a disabled or enabled account', () => updateReaders(user._id))

  const before = new Date(Date.now() - ORPHAN_GRACE * staleMs)
  await attempt('remove unfinished objects', () => abortOrphanObjects(store, before), 'unfinished_objects')
  await attempt('release orphaned reservations', () => releaseOrphanReservations(before), 'reservations')
  await attempt('remove tombstones', () => removeTombstones(new Date(Date.now() - TOMBSTONE_MS)))
  await attempt('remove temporary files', removeOrphanFiles)
  await attempt('remove old uses of links', () => Link.forgetUses(context.clock.now()))
  await attempt('remove expired idempotency keys', () => IdempotencyKey.removeExpired(context.clock.now()))
  return isComplete
}
