import type { Types } from 'mongoose'
import { Asset, type AssetFields, type KeptObject, type PendingDeletion } from '../../models/asset.ts'
import type { ConditionalUpdate } from '../../models/plugins/optimistic.ts'
import { type Authority, confirmSender } from '../auth/sender.ts'
import type { AssetContext } from '../context.ts'
import { versionConflict } from '../errors.ts'
import { announceDeletion, deletePending, withdrawDeletion } from './pending-deletion.ts'
import { readAgain } from './read-again.ts'

interface Change {
  /** Who changes it; the service itself where there is none. */
  by: Authority | undefined
  /** Only if the asset is still at this version; else at whichever it is. */
  version?: number | undefined
  /** The objects that the asset will no longer name, and how many files are among them. */
  forgets: (current: AssetFields) => KeptObject[]
  files: (current: AssetFields) => number
  /** Returns the update, conditional on `sameObjects(current)` and on what `by` may do. */
  update: (current: AssetFields, pendingDeletion: PendingDeletion) => ConditionalUpdate<AssetFields>
  /** Called after the update. */
  settle?: () => Promise<void>
}

/**
 * Changes an asset so that some of its objects are deleted. The update takes place only while the asset has the version
 * and the objects that were read, so that no object is deleted twice. Retries when another request changed the asset
 * first.
 *
 * @returns the asset directly before and after the change
 * @throws `version_conflict`, `locked`, `not_found` when the asset or the upload is gone, and what `readAgain` and
 *   `confirmSender` throw
 */
export async function changeAsset(
  context: AssetContext,
  asset: AssetFields,
  change: Change,
): Promise<{ before: AssetFields; after: AssetFields }> {
  if (change.version !== undefined && change.version !== asset.version) throw versionConflict()
  let pendingDeletion: PendingDeletion
  const changed = await Asset.change(
    asset,
    async (current) => {
      pendingDeletion = await announceDeletion(current.owner, change.forgets(current), change.files(current))
      await confirm(change.by, current.owner).catch(async (error) => {
        await withdrawDeletion(current.owner, pendingDeletion)
        throw error
      })
      return change.update(current, pendingDeletion)
    },
    async (tried) => {
      await withdrawDeletion(tried.owner, pendingDeletion)
      return readAgain(context, tried, change)
    },
  )
  await change.settle?.()
  await deletePending(context.store, changed.after).catch((error) =>
    context.log.warn({ err: error, asset: asset._id }, 'objects are left for the sweep to remove'),
  )
  return changed
}

async function confirm(by: Authority | undefined, owner: Types.ObjectId): Promise<void> {
  if (by) await confirmSender(by, owner)
}
