import type { Types } from 'mongoose'
import type { AssetFields, PendingDeletion } from '../../models/asset.ts'
import type { AssetObject } from '../../models/asset-files.ts'
import { bytesOf, pendingDeletionOf, recordDeleted, removeDeleted } from '../../models/asset-objects.ts'
import { removeFileSet } from '../../models/file-set.ts'
import { Link } from '../../models/link.ts'
import { Project } from '../../models/project.ts'
import { recordResumedDeletion } from '../events/asset-events.ts'
import type { EventLog } from '../events/event-log.ts'
import { beginRemoval, endRemoval, settleRemoval, settleUploads } from '../quota/removals.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/**
 * Returns the record of a deletion of objects. Store it in the update that removes the objects from the asset, or call
 * `withdrawDeletion` when that update did not take place.
 */
export function announceDeletion(
  owner: Types.ObjectId,
  objects: AssetObject[],
  files: number,
  now: Date,
): PendingDeletion {
  const keys = objects.map(({ key }) => key)
  return { id: beginRemoval(owner), keys, bytes: bytesOf(objects), files, at: now }
}

/** Withdraws a deletion that no asset names. */
export const withdrawDeletion = endRemoval

/**
 * Deletes the pending objects of an asset and gives their space back. Also deletes the document of an asset in state
 * `deleting`. Every step can be repeated: requests call this to finish a deletion, and the sweep to resume one.
 *
 * @param record records the event of a deletion, before the document is deleted
 */
export async function deletePending(
  store: ObjectStore,
  asset: AssetFields,
  record?: () => Promise<unknown>,
): Promise<void> {
  const { _id, owner, unsettled } = asset
  const removals = pendingDeletionOf(asset)
  for (const removal of removals) {
    await store.remove(removal.keys)
    await settleRemoval(owner, removal, unsettled)
    if (removal.fileSet) await removeFileSet(removal.fileSet)
    if (asset.state === 'deleting') continue
    await recordDeleted(_id, removal.id, unsettled)
    endRemoval(owner, removal)
  }
  if (asset.state === 'deleting') {
    if (removals.length === 0) await settleUploads(owner, unsettled)
    if (asset.hasLinks !== false) await Link.removeAllOf(_id)
    if (asset.inScenes !== false) await Project.forget(_id)
    await record?.()
    await removeDeleted(_id)
    for (const removal of removals) endRemoval(owner, removal)
  }
}

/** Resumes a deletion that another process began. */
export const resumeDeletion = (
  context: { store: ObjectStore; events: EventLog },
  asset: AssetFields,
): Promise<void> => deletePending(context.store, asset, () => recordResumedDeletion(context, asset))
