import type { Types } from 'mongoose'
import type { AssetFields, KeptObject, Trash } from '../../models/asset.ts'
import { type Authority, confirmSender } from '../auth/sender.ts'
import { versionConflict } from '../errors.ts'
import type { AssetServices } from '../services.ts'
import { readAgain } from './read-again.ts'
import { announceTrash, emptyTrash, withdrawTrash } from './trash.ts'

interface Change {
  /** Who changes it; the service itself where there is none. */
  by: Authority | undefined
  /** Only if the asset is still at this version; else at whichever it is. */
  version?: number | undefined
  /** The objects that the asset will no longer name, and how many files are among them. */
  forgets: (current: AssetFields) => KeptObject[]
  files: (current: AssetFields) => number
  /** One update, conditional on `sameObjects(current)` and on what `by` may do; null when it did not take place. */
  apply: (current: AssetFields, trash: Trash) => Promise<AssetFields | null>
  settle?: () => Promise<void>
}

/**
 * Changes an asset so that some of its objects go. The update holds only while the asset has
 * the version and the objects that were read, so no object is
 * forgotten or removed twice. Retries when another request changed the asset first.
 *
 * @returns the asset after the change
 * @throws `version_conflict`, `locked`, `not_found` when the asset or the upload is gone, and what `readAgain` and
 *   `confirmSender` throw
 */
export async function changeAsset(
  services: AssetServices,
  asset: AssetFields,
  change: Change,
): Promise<AssetFields> {
  if (change.version !== undefined && change.version !== asset.version) throw versionConflict()
  for (let current = asset; ; ) {
    const trash = await announceTrash(current.owner, change.forgets(current), change.files(current))
    await confirm(change.by, current.owner).catch(async (error) => {
      await withdrawTrash(current.owner, trash)
      throw error
    })
    const changed = await change.apply(current, trash)
    if (changed) {
      await change.settle?.()
      await emptyTrash(services.store, changed).catch((error) =>
        services.log.warn({ err: error, asset: asset._id }, 'objects are left for the sweep to remove'),
      )
      return changed
    }
    await withdrawTrash(current.owner, trash)
    current = await readAgain(services, current, change)
  }
}

async function confirm(by: Authority | undefined, owner: Types.ObjectId): Promise<void> {
  if (by) await confirmSender(by, owner)
}
