import { setTimeout as delay } from 'node:timers/promises'
import type { Types } from 'mongoose'
import { Asset } from '../../models/asset.ts'
import { cancelUploadsOf } from '../../models/asset-upload.ts'
import { Upload } from '../../models/upload.ts'
import { User } from '../../models/user.ts'
import type { AssetContext } from '../context.ts'
import { AppError } from '../errors.ts'
import { removeUnder, undoUpload } from '../uploads/undo-upload.ts'
import { deletePending } from './pending-deletion.ts'
import { discardAsset } from './remove.ts'

/** How long to wait for uploads under way, which can no longer be committed, to give up by themselves. */
const PATIENCE_MS = 5000

/**
 * Removes all that a user under deletion has stored, uploads under way included. Can be resumed.
 *
 * @returns whether nothing is left; if not, an upload is still dying and a later call will find it dead
 */
export async function removeEverythingOf(context: AssetContext, owner: Types.ObjectId): Promise<boolean> {
  const { store, staleMs } = context
  const deadline = Date.now() + PATIENCE_MS
  // Uploads are looked for before assets: one that ends in between has left its asset where it is found, and
  // the account takes no new ones.
  while (await Upload.isAny({ owner })) {
    await removeAssetsOf(context, owner)
    for (const upload of await Upload.findStale(staleMs, { owner })) await undoUpload(store, upload)
    if (Date.now() > deadline) return false
    await delay(50)
  }
  await removeAssetsOf(context, owner)
  const location = await User.locationOf(owner)
  if (location) await removeUnder(store, `${location}/`)
  return true
}

async function removeAssetsOf(context: AssetContext, owner: Types.ObjectId): Promise<void> {
  await cancelUploadsOf(owner)
  for await (const asset of Asset.allOf(owner, 'ready'))
    await withPatience(context, () => discardAsset(context, asset).catch(ignoreMissing))
  for await (const asset of Asset.allOf(owner, 'deleting')) await deletePending(context.store, asset)
}

/** A removal leaves what the store will not take now for later; many of them would wait each for itself. */
async function withPatience({ store }: AssetContext, remove: () => Promise<void>): Promise<void> {
  const begun = Date.now()
  await remove()
  if (Date.now() - begun > PATIENCE_MS) await store.check()
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof AppError && error.code === 'not_found')) throw error
}
