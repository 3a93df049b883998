import { setTimeout as delay } from 'node:timers/promises'
import type { Types } from 'mongoose'
import { Asset } from '../../models/asset.ts'
import { cancelUploadsOf, fenceAsset } from '../../models/asset-upload.ts'
import { readAllWhole } from '../../models/file-set.ts'
import { staleUploads, uploadsOf } from '../../models/upload.ts'
import { User } from '../../models/user.ts'
import type { AssetContext } from '../context.ts'
import { AppError } from '../errors.ts'
import { removeUnder, undoUpload } from '../uploads/undo-upload.ts'
import { resumeDeletion } from './pending-deletion.ts'
import { discardAsset } from './remove.ts'

/** Time to wait until running uploads, which can no longer be committed, have ended, in milliseconds. */
const WAIT_MS = 5000

/**
 * Deletes everything that a user in deletion has stored, including running uploads. Can be resumed.
 *
 * @returns false when an upload is still running: a later call will abort it
 */
export async function removeEverythingOf(context: AssetContext, owner: Types.ObjectId): Promise<boolean> {
  const { store, staleMs } = context
  const deadline = Date.now() + WAIT_MS
  const fenced = new Set<string>()
  // Looks for uploads before assets: an upload that is committed in between leaves an asset, which is found after it.
  // The account accepts no new uploads.
  for (;;) {
    const uploads = await uploadsOf(owner)
    for (const { id, asset, isNew } of uploads) {
      if (isNew && asset && !fenced.has(id)) await fenceAsset(asset)
      fenced.add(id)
    }
    await removeAssetsOf(context, owner)
    if (uploads.length === 0) break
    for (const upload of await staleUploads(staleMs, owner)) await undoUpload(context, upload)
    if (Date.now() > deadline) return false
    await delay(50)
  }
  const location = await User.locationOf(owner)
  if (location) await removeUnder(store, `${location}/`)
  return true
}

async function removeAssetsOf(context: AssetContext, owner: Types.ObjectId): Promise<void> {
  await cancelUploadsOf(owner)
  for await (const asset of readAllWhole(Asset.allOf(owner, 'ready')))
    await checkStoreWhenSlow(context, () => discardAsset(context, asset).catch(ignoreMissing))
  for await (const asset of Asset.allOf(owner, 'deleting')) await resumeDeletion(context, asset)
}

/**
 * Removes an asset. Checks the store after a slow removal: when the store does not answer, the rest is not tried,
 * because each asset would wait as long.
 */
async function checkStoreWhenSlow({ store }: AssetContext, remove: () => Promise<void>): Promise<void> {
  const begun = Date.now()
  await remove()
  if (Date.now() - begun > WAIT_MS) await store.check()
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof AppError && error.code === 'not_found')) throw error
}
