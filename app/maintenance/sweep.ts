import { assetsToDeleteFrom } from '../../models/asset-objects.ts'
import { Upload } from '../../models/upload.ts'
import { usersInTransition, usersToDelete } from '../../models/user-state.ts'
import { finishDeletion } from '../accounts/delete-account.ts'
import { updateReaders } from '../accounts/update-readers.ts'
import { deletePending } from '../assets/pending-deletion.ts'
import type { AssetContext } from '../context.ts'
import { removeOrphanFiles } from '../media/spool.ts'
import { undoUpload } from '../uploads/undo-upload.ts'
import { abandonForgotten } from './abandon-forgotten.ts'
import { releaseStrays } from './orphan-reservations.ts'

/** An entry or an unfinished object that belongs to nothing is let live for so many times `staleMs`. */
const FORGOTTEN = 5

/**
 * Ends what a dead process has left: uploads without a heartbeat, objects put away but not removed, accounts
 * half deleted, unfinished objects and reserved space of nobody. Safe beside requests and beside the sweeps of
 * other processes; a part that fails is logged and comes round again.
 */
export async function sweep(context: AssetContext): Promise<void> {
  const { store, staleMs } = context
  for (const upload of await Upload.findDead(staleMs))
    await attempt(context, 'a dead upload', () => undoUpload(store, upload))

  for await (const asset of assetsToDeleteFrom())
    await attempt(context, 'removed objects', () => deletePending(store, asset))

  for await (const user of usersToDelete())
    await attempt(context, 'a deleted account', () => finishDeletion(context, user._id))

  for await (const user of usersInTransition())
    await attempt(context, 'the readers of a disabled or enabled account', () => updateReaders(user._id))

  const before = new Date(Date.now() - FORGOTTEN * staleMs)
  await attempt(context, 'unfinished objects', () => abandonForgotten(store, before))
  await attempt(context, 'forgotten reservations', () => releaseStrays(before))
  await attempt(context, 'forgotten pictures', removeOrphanFiles)
}

async function attempt({ log }: AssetContext, what: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run()
  } catch (error) {
    log.warn({ err: error }, `the sweep could not end ${what}; it will try again`)
  }
}
