import { type AssetFields, notLocked } from '../../models/asset.ts'
import { objectsOf, sameObjects } from '../../models/asset-objects.ts'
import { addPendingDeletion } from '../../models/asset-pending-deletion.ts'
import { type Authority, accessCondition, type Sender } from '../auth/sender.ts'
import type { AssetContext } from '../context.ts'
import { changeAsset } from './change.ts'

const NOTHING = { state: 'deleting', readers: [], files: [], images: [], cover: null, intents: [] } as const

/** Deletes an asset for its owner, on record. @throws what `discardAsset` throws */
export async function removeAsset(
  context: AssetContext,
  asset: AssetFields,
  sender: Sender,
  version?: number,
): Promise<void> {
  await discardAsset(context, asset, { by: { sender, access: 'owner' }, version })
  await context.audit({
    action: 'asset.deleted',
    user: asset.owner,
    target: { type: 'asset', id: asset._id.toString() },
  })
}

interface Removal {
  /** Who deletes it; the service itself where there is none. */
  by?: Authority
  /** Only if the asset is still at it. */
  version?: number | undefined
}

/**
 * Deletes an asset: gone for readers at once, then its objects, its space, its document.
 *
 * @throws `version_conflict`, `locked`, `not_found`, and what `changeAsset` throws
 */
export async function discardAsset(
  context: AssetContext,
  asset: AssetFields,
  { by, version }: Removal = {},
): Promise<void> {
  const { before, after } = await changeAsset(context, asset, {
    by,
    version,
    forgets: objectsOf,
    files: ({ files }) => files.length,
    update: (current, pendingDeletion) => ({
      conditions: {
        state: 'ready',
        ...sameObjects(current),
        ...accessCondition(by),
        ...notLocked(context.clock.now()),
      },
      update: { $set: NOTHING, $push: addPendingDeletion(pendingDeletion) },
    }),
  })
  const { _id, owner } = after
  // not derived from the visibility: a disabled owner's public asset has no reader `public`
  const { readers } = before
  await context.changes.publish({ kind: 'asset.deleted', asset: _id, owner, readers, space: true })
}
