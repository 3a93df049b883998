import { Asset } from '../../models/asset.ts'
import { STALE_MS, Upload } from '../../models/upload.ts'
import { User } from '../../models/user.ts'
import { finishDeletion } from '../accounts/delete-account.ts'
import { emptyTrash } from '../assets/trash.ts'
import type { AssetServices } from '../services.ts'
import { undoUpload } from '../space/undo-upload.ts'

/**
 * Ends what a dead process has left: uploads without a heartbeat, objects put away but not removed, accounts
 * half deleted. Safe beside requests and beside the sweeps of other processes; a part that fails is logged
 * and comes round again.
 */
export async function sweep(services: AssetServices): Promise<void> {
  const { store } = services
  const stale = { heartbeatAt: { $lt: new Date(Date.now() - STALE_MS) } }
  for await (const upload of Upload.find(stale).lean().cursor())
    await attempt(services, 'a dead upload', () => undoUpload(store, upload))

  const put = { $or: [{ 'trash.id': { $exists: true } }, { state: 'deleting' as const }] }
  for await (const asset of Asset.find(put).lean().cursor())
    await attempt(services, 'removed objects', () => emptyTrash(store, asset))

  for await (const user of User.find({ deleting: true }, { _id: 1 }).lean().cursor())
    await attempt(services, 'a deleted account', () => finishDeletion(services, user._id))
}

async function attempt({ log }: AssetServices, what: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run()
  } catch (error) {
    log.warn({ err: error }, `the sweep could not end ${what}; it will try again`)
  }
}
