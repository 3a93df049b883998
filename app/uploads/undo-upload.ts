import type { AssetFields } from '../../models/asset.ts'
import { objectsOf, pendingDeletionOf } from '../../models/asset-objects.ts'
import { cancelUpload, fenceAsset, removePending } from '../../models/asset-upload.ts'
import { asAppError } from '../../models/database-errors.ts'
import { allFilesOf, removeFileSet } from '../../models/file-set.ts'
import { deleteEarlierRecord, type UploadRecord } from '../../models/upload.ts'
import { hideIfOwnerInactive } from '../accounts/update-readers.ts'
import { recordCreation } from '../events/asset-events.ts'
import type { EventLog } from '../events/event-log.ts'
import { ledgersOf, settle } from '../quota/reservations.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { uploadPrefix } from './object-keys.ts'

/** Longest time that an answer waits until its upload is discarded, in milliseconds. */
const DISCARD_MS = 5000
/** The same after an error of the database or the store, because discarding then fails too. */
const AWAY_DISCARD_MS = 1000

/** Returns how long the answer to a failed upload waits for the cleanup, in milliseconds. */
export const discardMs = (failure: unknown): number =>
  asAppError(failure)?.code === 'unavailable' ? AWAY_DISCARD_MS : DISCARD_MS

/** How many objects are deleted at a time. */
const DELETE_BATCH = 1000

/**
 * Undoes an upload, or finishes it if it was committed already. Can run at any time and repeatedly: after the first step
 * no process can commit it, and only objects that its asset does not name are deleted.
 *
 * @param neverCommitted whether the process of the upload knows that it did not try to commit it
 */
export async function undoUpload(
  { store, events }: { store: ObjectStore; events: EventLog },
  { id, owner, asset: assetId, isNew, location, isEarlier = false }: UploadRecord,
  { neverCommitted = false }: { neverCommitted?: boolean } = {},
): Promise<void> {
  const prevent = async () => {
    if (!assetId || (isNew && neverCommitted)) return null
    return isNew ? fenceAsset(assetId) : cancelUpload({ id, asset: assetId })
  }
  const asset = await prevent()
  const prefix = location && uploadPrefix(location, id)
  if (prefix && !(asset && (await namesUnder(asset, prefix)))) await removeUnder(store, prefix)
  if (asset?.fileSet !== id) await removeFileSet(id)
  const unsettled = asset?.unsettled.find((entry) => entry.id === id)
  // before the upload is settled, so that a disabling that happens later finds the asset
  if (asset && unsettled && isNew) {
    await hideIfOwnerInactive(asset)
    await recordCreation({ events }, asset, id)
  }
  await settle(ledgersOf(owner), id, unsettled ?? { bytes: 0, files: 0 })
  if (!isEarlier) return
  // it has an asset in state `pending`, and a record of its own
  if (assetId) await removePending(assetId)
  await deleteEarlierRecord(id)
}

async function namesUnder(asset: AssetFields, prefix: string): Promise<boolean> {
  // a set that is missing was replaced meanwhile: its objects are gone
  const allFiles = (await allFilesOf(asset)) ?? asset.files
  const keys = [
    ...objectsOf({ ...asset, allFiles }).map(({ key }) => key),
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
