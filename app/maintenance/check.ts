import { removePending } from '../../models/asset-upload.ts'
import { Upload } from '../../models/upload.ts'
import { User } from '../../models/user.ts'
import { deletePending } from '../assets/pending-deletion.ts'
import type { AssetContext } from '../context.ts'
import { undoUpload } from '../uploads/undo-upload.ts'
import { findForgotten } from './abandon-forgotten.ts'
import { type Fault, isMendable } from './finding.ts'
import { compareObjects } from './objects.ts'
import { findForgottenAssets, findHalfRemovals } from './orphans.ts'
import { reconcile } from './reconcile.ts'

interface Options {
  /** Whether to put right what can be. */
  fix: boolean
  /** What has begun or changed within so many milliseconds is not judged. */
  graceMs: number
}

export interface Finding {
  fault: Fault
  mended: boolean
}

/**
 * Holds the store against the documents while both are in use, and tells what is amiss; nothing is changed
 * unless asked. What is lost cannot be put right: it stays a finding.
 *
 * @throws when it is to mend by an empty database, which would empty the store
 */
export async function* checkStorage(context: AssetContext, options: Options): AsyncGenerator<Finding> {
  const { store } = context
  const { fix, graceMs } = options
  if (fix) await assertRightDatabase(context)
  const before = new Date(Date.now() - graceMs)
  const found = async (fault: Fault, mend: () => Promise<unknown>): Promise<Finding> => {
    const mended = fix && isMendable(fault)
    if (mended) await mend()
    return { fault, mended }
  }

  for (const upload of await Upload.findDead(graceMs))
    yield found({ kind: 'upload', id: upload._id }, () => undoUpload(store, upload))
  for (const asset of await findHalfRemovals(before))
    yield found({ kind: 'removal', asset: asset._id.toString() }, () => deletePending(store, asset))
  for (const id of await findForgottenAssets(before))
    yield found({ kind: 'pending', asset: id.toString() }, () => removePending(id))
  for (const prefix of await findForgotten(store, before))
    yield found({ kind: 'unfinished', prefix }, () => store.abortUnfinished(prefix, before))
  for await (const fault of compareObjects(store, before))
    yield found(fault, async () => fault.kind === 'orphan' && store.remove([fault.key]))
  for await (const discrepancy of reconcile({ fix, before }))
    yield { fault: { kind: 'sums', discrepancy }, mended: fix }
}

async function assertRightDatabase({ store }: AssetContext): Promise<void> {
  if (await User.isAny({})) return
  for await (const { key } of store.list(''))
    throw new Error(`The database knows no account, but there is ${key}: is MONGODB_URI the right one?`)
}
