import { notLocked } from '../../models/asset.ts'
import { readableAsset } from '../../models/asset-access.ts'
import { KEYS_FORM } from '../../models/asset-keys.ts'
import { addPendingDeletion, objectsOf, sameObjects } from '../../models/asset-objects.ts'
import type { Whole } from '../../models/file-set.ts'
import { type Authority, accessCondition, type Sender } from '../auth/sender.ts'
import type { AssetContext } from '../context.ts'
import { notFound } from '../errors.ts'
import { recordDeletion } from '../events/asset-events.ts'
import type { AuditEntry } from '../events/event-log.ts'
import { requireUnused } from '../projects/references.ts'
import { assertAccess } from '../sharing/assert-access.ts'
import { changeAsset } from './change.ts'

interface Options {
  /** Deletes the asset although a scene uses it, and removes it from these scenes. */
  evenIfUsed?: boolean | undefined
  /** Deletes the asset only if it is still at this version. */
  version?: number | undefined
}

/**
 * Deletes an asset for its owner. Records it in the owner's activity.
 *
 * @throws `conflict` when a scene uses the asset
 * @throws what `discardAsset` throws
 */
export async function removeAsset(
  context: AssetContext,
  asset: Whole,
  sender: Sender,
  { evenIfUsed = false, version }: Options,
): Promise<void> {
  if (!evenIfUsed) await requireUnused(asset, sender.user)
  await discardAsset(context, asset, {
    by: { sender, access: 'owner' },
    version,
    audit: {
      action: 'asset.deleted',
      user: asset.owner,
      target: { type: 'asset', id: asset._id.toString() },
    },
  })
}

/**
 * Deletes the asset with this id, as `removeAsset` does.
 *
 * @throws `not_found` for an asset that the sender cannot read
 * @throws `forbidden` for an asset of another owner
 * @throws what `removeAsset` throws
 */
export async function removeAssetById(
  context: AssetContext,
  id: string,
  sender: Sender,
  { evenIfUsed }: Pick<Options, 'evenIfUsed'>,
): Promise<void> {
  const asset = await readableAsset(id, sender.user)
  if (!asset) throw notFound()
  assertAccess(asset, sender.user, 'owner')
  await removeAsset(context, asset, sender, { evenIfUsed })
}

const DELETED = {
  state: 'deleting',
  readers: [],
  keys: [],
  keysForm: KEYS_FORM,
  files: [],
  fileSet: null,
  fileCount: 0,
  images: [],
  cover: null,
  intents: [],
  jobs: {},
} as const

interface Removal {
  /** The sender; undefined when the service itself deletes the asset. */
  by?: Authority
  /** Deletes the asset only if it still has this version. */
  version?: number | undefined
  /** What activity lists show of the deletion; undefined for nothing. */
  audit?: AuditEntry
}

/**
 * Deletes an asset: hides it from readers at once, then deletes its objects, gives their space back and deletes its
 * document.
 *
 * @throws `version_conflict`
 * @throws `locked`
 * @throws `not_found`
 * @throws what `changeAsset` throws
 */
export async function discardAsset(
  context: AssetContext,
  asset: Whole,
  { by, version, audit }: Removal = {},
): Promise<void> {
  await changeAsset(context, asset, {
    by,
    version,
    forgets: (current) => ({
      objects: objectsOf(current),
      files: current.allFiles.length,
      fileSet: current.fileSet,
    }),
    update: (current, pendingDeletion) => ({
      conditions: {
        state: 'ready',
        ...sameObjects(current),
        ...accessCondition(by),
        ...notLocked(context.clock.now()),
      },
      update: { $set: DELETED, $push: addPendingDeletion(pendingDeletion) },
    }),
    // the readers are not derived from the visibility: a disabled owner's public asset has no reader `public`
    record: ({ before, after }) => recordDeletion(context, after, { readersBefore: before.readers, audit }),
  })
}
