import { randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import { Asset, type AssetFields, type KeptObject, type Trash } from '../../models/asset.ts'
import { bytesOf } from '../../models/asset-objects.ts'
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
export async function announceTrash(
  owner: Types.ObjectId,
  objects: KeptObject[],
  files: number,
): Promise<Trash> {
  const trash = {
    id: randomUUID(),
    keys: objects.map(({ key }) => key),
    bytes: bytesOf(objects),
    files,
  }
  for (const { ledger, id } of accountsOf(owner)) await ledger.announce(id, trash.id)
  return trash
}

/** Takes an announcement back. */
export async function withdrawTrash(owner: Types.ObjectId, trash: Trash): Promise<void> {
  await settle(accountsOf(owner), trash.id, { bytes: 0, files: 0 })
}

/** Assets of which `emptyTrash` has not been called to the end. */
export const HALF_REMOVED = { $or: [{ 'trash.id': { $exists: true } }, { state: 'deleting' as const }] }

/**
 * Removes what an asset has put away and gives its space back; an asset that is being deleted goes with it.
 * Every step can be repeated: this is how a request ends a removal and how a sweep resumes one.
 */
export async function emptyTrash(store: ObjectStore, asset: AssetFields): Promise<void> {
  const { _id, owner } = asset
  for (const entry of asset.unsettled) {
    await settle(accountsOf(owner), entry.id, entry)
    await Asset.updateOne({ _id }, { $pull: { unsettled: { id: entry.id } } })
    await Upload.deleteOne({ _id: entry.id })
  }
  for (const { id, keys, bytes, files } of asset.trash) {
    await store.remove(keys)
    await settle(accountsOf(owner), id, { bytes: -bytes, files: -files })
    await Asset.updateOne({ _id }, { $pull: { trash: { id } } })
  }
  if (asset.state === 'deleting') {
    await Link.deleteMany({ asset: _id })
    await Project.forget(_id)
    await Asset.deleteOne({ _id, state: 'deleting', trash: { $size: 0 }, unsettled: { $size: 0 } })
  }
}
