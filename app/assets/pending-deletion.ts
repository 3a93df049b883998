import { randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import { Asset, type AssetFields, type KeptObject, type PendingDeletion } from '../../models/asset.ts'
import { bytesOf } from '../../models/asset-objects.ts'
import {
  havingPendingDeletion,
  NO_PENDING_DELETION,
  pendingDeletionOf,
  removePendingDeletion,
} from '../../models/asset-pending-deletion.ts'
import { Link } from '../../models/link.ts'
import { Project } from '../../models/project.ts'
import { Upload } from '../../models/upload.ts'
import { accountsOf, settle } from '../space/accounts.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/**
 * Announces that objects are to be removed. The entry is opened on the accounts first, so that what it gives
 * back counts once, however often the removal is begun. Pass the answer on in the update that makes the asset
 * forget the objects, or `withdraw` it when that update does not take place.
 */
export async function announceDeletion(
  owner: Types.ObjectId,
  objects: KeptObject[],
  files: number,
): Promise<PendingDeletion> {
  const pendingDeletion = {
    id: randomUUID(),
    keys: objects.map(({ key }) => key),
    bytes: bytesOf(objects),
    files,
  }
  for (const { ledger, id } of accountsOf(owner)) await ledger.announce(id, pendingDeletion.id)
  return pendingDeletion
}

/** Takes an announcement back. */
export async function withdrawDeletion(owner: Types.ObjectId, { id }: PendingDeletion): Promise<void> {
  await settle(accountsOf(owner), id, { bytes: 0, files: 0 })
}

/** Assets of which `deletePending` has not been called to the end. */
export const DELETION_PENDING = {
  $or: [...havingPendingDeletion({ $exists: true }), { state: 'deleting' as const }],
}

/**
 * Removes what an asset has put away and gives its space back; an asset that is being deleted goes with it.
 * Every step can be repeated: this is how a request ends a removal and how a sweep resumes one.
 */
export async function deletePending(store: ObjectStore, asset: AssetFields): Promise<void> {
  const { _id, owner } = asset
  for (const entry of asset.unsettled) {
    await settle(accountsOf(owner), entry.id, entry)
    await Asset.updateOne({ _id }, { $pull: { unsettled: { id: entry.id } } })
    await Upload.deleteOne({ _id: entry.id })
  }
  for (const { id, keys, bytes, files } of pendingDeletionOf(asset)) {
    await store.remove(keys)
    await settle(accountsOf(owner), id, { bytes: -bytes, files: -files })
    await Asset.updateOne({ _id }, { $pull: removePendingDeletion(id) })
  }
  if (asset.state === 'deleting') {
    await Link.deleteMany({ asset: _id })
    await Project.forget(_id)
    await Asset.deleteOne({ _id, state: 'deleting', ...NO_PENDING_DELETION, unsettled: { $size: 0 } })
  }
}
