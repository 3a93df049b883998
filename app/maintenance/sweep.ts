import { assetsToDeleteFrom } from '../../models/asset-objects.ts'
import { removeTombstones } from '../../models/asset-upload.ts'
import { IdempotencyKey } from '../../models/idempotency-key.ts'
import { Link } from '../../models/link.ts'
import { matchSessions, usersOfOutdatedSessions } from '../../models/session-account.ts'
import { staleUploads } from '../../models/upload.ts'
import { usersInTransition, usersToDelete } from '../../models/user-state.ts'
import { finishDeletion } from '../accounts/delete-account.ts'
import { updateReaders } from '../accounts/update-readers.ts'
import { deletePending } from '../assets/pending-deletion.ts'
import type { AssetContext } from '../context.ts'
import { removeOrphanFiles } from '../media/spool.ts'
import { undoUpload } from '../uploads/undo-upload.ts'
import { abortOrphanObjects, releaseOrphanReservations } from './orphans.ts'

/** Grace period before an orphan is removed, as a multiple of `staleMs`. */
const ORPHAN_GRACE = 5
/** How long a tombstone prevents the commit of an undone upload, in milliseconds. No request takes that long. */
const TOMBSTONE_MS = 24 * 3_600_000

/**
 * Cleans up after processes that died: discards uploads without a heartbeat, deletes objects marked for deletion,
 * finishes account deletions and changes of sessions and readers, removes orphaned objects, reservations, temporary files,
 * old uses of links and expired idempotency keys.
 * Requests and sweeps of other processes can run at the same time. A step that fails is logged and repeated by the
 * next sweep.
 */
export async function sweep(context: AssetContext): Promise<void> {
  const { store, staleMs } = context
  for (const upload of await staleUploads(staleMs))
    await attempt(context, 'discard a stale upload', () => undoUpload(store, upload))

  for await (const asset of assetsToDeleteFrom())
    await attempt(context, 'delete objects marked for deletion', () => deletePending(store, asset))

  for await (const user of usersToDelete())
    await attempt(context, 'finish an account deletion', () => finishDeletion(context, user._id))

  for await (const user of usersOfOutdatedSessions())
    await attempt(context, 'update the sessions of a changed account', () => matchSessions(user))

  for await (const user of usersInTransition())
    await attempt(context, 'update the readers of a disabled or enabled account', () =>
      updateReaders(user._id),
    )

  const before = new Date(Date.now() - ORPHAN_GRACE * staleMs)
  await attempt(context, 'remove unfinished objects', () => abortOrphanObjects(store, before))
  await attempt(context, 'release orphaned reservations', () => releaseOrphanReservations(before))
  await attempt(context, 'remove tombstones', () => removeTombstones(new Date(Date.now() - TOMBSTONE_MS)))
  await attempt(context, 'remove temporary files', removeOrphanFiles)
  await attempt(context, 'remove old uses of links', () => Link.forgetUses(context.clock.now()))
  await attempt(context, 'remove expired idempotency keys', () =>
    IdempotencyKey.removeExpired(context.clock.now()),
  )
}

async function attempt({ log }: AssetContext, task: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run()
  } catch (error) {
    log.warn({ err: error }, `the sweep could not ${task}; the next sweep tries again`)
  }
}
