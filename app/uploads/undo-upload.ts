import type { AssetFields } from '../../models/asset.ts'
import { objectsOf, pendingDeletionOf } from '../../models/asset-objects.ts'
import { cancelUpload, recordSettled, removePending } from '../../models/asset-upload.ts'
import { type NewUpload, Upload } from '../../models/upload.ts'
import { ledgersOf, settle } from '../quota/reservations.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/** How many objects are deleted at a time. */
const DELETE_BATCH = 1000

/**
 * Undoes an upload, or finishes it if its asset was committed already. Can run at any time and repeatedly: once the
 * asset does not expect the upload any more, no process can commit it, and only objects that the asset does not name
 * are deleted.
 */
export async function undoUpload(store: ObjectStore, record: NewUpload): Promise<void> {
  const { _id: id, owner, asset: assetId, prefix } = record
  const asset = await cancelUpload({ id, asset: assetId })
  const unsettled = asset?.unsettled.find((entry) => entry.id === id)
  if (!asset || !namesUnder(asset, prefix)) {
    await removePending(assetId)
    await removeUnder(store, prefix)
  }
  await settle(ledgersOf(owner), id, unsettled ?? { bytes: 0, files: 0 })
  if (unsettled) await recordSettled({ id, asset: assetId })
  await Upload.deleteRecord(id)
}

function namesUnder(asset: AssetFields, prefix: string): boolean {
  const keys = [
    ...objectsOf(asset).map(({ key }) => key),
    ...pendingDeletionOf(asset).flatMap((entry) => entry.keys),
  ]
  return keys.some((key) => key.startsWith(prefix))
}

/** Deletes all objects whose key begins with `prefix`, including unfinished objects. */
export async function removeUnder(store: ObjectStore, prefix: string): Promise<void> {
  await store.abortUnfinished(prefix)
  let keys: string[] = []
  for await (const { key } of store.list(prefix)) {
    keys.push(key)
    if (keys.length === DELETE_BATCH) {
      await store.remove(keys)
      keys = []
    }
  }
  await store.remove(keys)
}
