import { randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import type { AssetFields, AssetObject, PendingDeletion } from '../../models/asset.ts'
import { bytesOf, pendingDeletionOf, recordDeleted, removeDeleted } from '../../models/asset-objects.ts'
import { recordSettled } from '../../models/asset-upload.ts'
import { Link } from '../../models/link.ts'
import { Project } from '../../models/project.ts'
import { Upload } from '../../models/upload.ts'
import { ledgersOf, settle } from '../quota/reservations.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/**
 * Announces the deletion of objects. Opens an entry on the ledgers first, so that the space is given back once,
 * however often the deletion is started. Store the result in the update that removes the objects from the asset, or
 * call `withdrawDeletion` when that update does not match.
 */
export async function announceDeletion(
  owner: Types.ObjectId,
  objects: AssetObject[],
  files: number,
): Promise<PendingDeletion> {
  const pendingDeletion = {
    id: randomUUID(),
    keys: objects.map(({ key }) => key),
    bytes: bytesOf(objects),
    files,
  }
  for (const { model, id } of ledgersOf(owner)) await model.openEmptyEntry(id, pendingDeletion.id)
  return pendingDeletion
}

/** Withdraws an announced deletion. */
export async function withdrawDeletion(owner: Types.ObjectId, { id }: PendingDeletion): Promise<void> {
  await settle(ledgersOf(owner), id, { bytes: 0, files: 0 })
}

/**
 * Deletes the pending objects of an asset and gives their space back. Also deletes the document of an asset in state
 * `deleting`. Every step can be repeated: requests call this to finish a deletion, and the sweep to resume one.
 */
export async function deletePending(store: ObjectStore, asset: AssetFields): Promise<void> {
  const { _id, owner } = asset
  for (const entry of asset.unsettled) {
    await settle(ledgersOf(owner), entry.id, entry)
    await recordSettled({ id: entry.id, asset: _id })
    await Upload.deleteRecord(entry.id)
  }
  for (const { id, keys, bytes, files } of pendingDeletionOf(asset)) {
    await store.remove(keys)
    await settle(ledgersOf(owner), id, { bytes: -bytes, files: -files })
    await recordDeleted(_id, id)
  }
  if (asset.state === 'deleting') {
    await Link.removeAllOf(_id)
    await Project.forget(_id)
    await removeDeleted(_id)
  }
}
