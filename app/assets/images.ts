import { Asset, type AssetFields, IMAGES, notLocked } from '../../models/asset.ts'
import { announced, announcement } from '../../models/asset-announcements.ts'
import type { AssetImage } from '../../models/asset-files.ts'
import { addPendingDeletion, bytesOf, objectsOfImage, sameObjects } from '../../models/asset-objects.ts'
import { commitOf } from '../../models/asset-upload.ts'
import { type Whole, withSameFiles } from '../../models/file-set.ts'
import { accessCondition, confirmSender, type Sender } from '../auth/sender.ts'
import type { AssetContext } from '../context.ts'
import { notFound, tooLarge, versionConflict } from '../errors.ts'
import { recordAnnounced } from '../events/asset-events.ts'
import type { UploadSession } from '../uploads/upload-session.ts'
import { changeAsset, reloadForRetry } from './change.ts'

/**
 * Adds preview images after the existing ones.
 *
 * @param version adds them only if the asset still has this version
 * @throws `too_large` for more than eight images
 * @throws what `changeAsset` throws
 */
export async function addImages(
  { clock, events, log }: Pick<AssetContext, 'clock' | 'events' | 'log'>,
  { uploadSession, images }: { uploadSession: UploadSession; images: AssetImage[] },
  asset: Whole,
  sender: Sender,
  version?: number,
): Promise<Whole> {
  const by = { sender, access: 'write' } as const
  const settlement = { bytes: bytesOf(images.flatMap(objectsOfImage)), files: 0 }
  if (version !== undefined && version !== asset.version) throw versionConflict()
  const announcing = announcement()
  const changed = await Asset.change(
    asset,
    async (current) => {
      if (current.images.length + images.length > IMAGES.max)
        throw tooLarge(`An asset can have at most ${IMAGES.max} images.`)
      await confirmSender(by, current.owner)
      const commit = {
        permitted: accessCondition(by),
        set: {},
        now: clock.now(),
        push: { images: { $each: images }, ...announced(announcing) },
        unsettled: { id: uploadSession.id, ...settlement },
      }
      return commitOf(uploadSession, commit, current)
    },
    (tried) => reloadForRetry({ clock }, tried, { version, by }),
  )
  const after = withSameFiles(changed)
  await uploadSession.settle(settlement)
  await recordAnnounced({ events, log }, after, announcing, { space: true })
  return after
}

/**
 * Removes a preview image.
 *
 * @throws `not_found` when the asset has no image with this id
 * @throws what `changeAsset` throws
 */
export async function removeImage(
  context: AssetContext,
  asset: Whole,
  imageId: string,
  sender: Sender,
  version?: number,
): Promise<void> {
  const by = { sender, access: 'write' } as const
  const find = ({ images }: AssetFields) => images.find(({ id }) => id === imageId)
  if (!find(asset)) throw notFound()
  const announcing = announcement()
  const { after } = await changeAsset(context, asset, {
    by,
    version,
    forgets: (current) => {
      const image = find(current)
      return { objects: image ? objectsOfImage(image) : [], files: 0 }
    },
    update: (current, pendingDeletion) => ({
      conditions: {
        state: 'ready',
        ...sameObjects(current),
        'images.id': imageId,
        ...accessCondition(by),
        ...notLocked(context.clock.now()),
      },
      update: {
        $pull: { images: { id: imageId } },
        $inc: { version: 1 },
        $push: { ...addPendingDeletion(pendingDeletion), ...announced(announcing) },
      },
    }),
  })
  await recordAnnounced(context, after, announcing, { space: true })
}
