import type { AssetFields } from '../../models/asset.ts'
import { objectsOf, pendingDeletionOf } from '../../models/asset-objects.ts'
import { cancelUpload, recordSettled, removePending } from '../../models/asset-upload.ts'
import { type NewUpload, Upload } from '../../models/upload.ts'
import { accountsOf, settle } from '../quota/accounts.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/**
 * Takes an upload back, or, where its asset was committed already, finishes what is left of it.
 * Safe at any moment and as often as need be: once the asset no longer expects the upload it cannot be
 * committed any more, and only objects that the asset does not name are removed.
 */
export async function undoUpload(store: ObjectStore, record: NewUpload): Promise<void> {
  const { _id: id, owner, asset: assetId, prefix } = record
  const asset = await cancelUpload({ id, asset: assetId })
  const unsettled = asset?.unsettled.find((entry) => entry.id === id)
  if (!asset || !namesUnder(asset, prefix)) {
    await removePending(assetId)
    await removeUnder(store, prefix)
  }
  await settle(accountsOf(owner), id, unsettled ?? { bytes: 0, files: 0 })
  if (unsettled) await recordSettled({ id, asset: assetId })
  await Upload.forget(id)
}

function namesUnder(asset: AssetFields, prefix: string): boolean {
  const keys = [
    ...objectsOf(asset).map(({ key }) => key),
    ...pendingDeletionOf(asset).flatMap((entry) => entry.keys),
  ]
  return keys.some((key) => key.startsWith(prefix))
}

/** Removes every object and every unfinished one whose key begins with `prefix`. */
export async function removeUnder(store: ObjectStore, prefix: string): Promise<void> {
  await store.abortUnfinished(prefix)
  let keys: string[] = []
  for await (const { key } of store.list(prefix)) {
    keys.push(key)
    if (keys.length === 1000) {
      await store.remove(keys)
      keys = []
    }
  }
  await store.remove(keys)
}
