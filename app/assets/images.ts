import { Asset } from '../../models/asset.ts'
import { IMAGES } from '../../models/asset-fields.ts'
import { bytesOf, objectsOfImage } from '../../models/asset-objects.ts'
import type { AssetFields, AssetImage } from '../../models/asset-shape.ts'
import { commitUpload } from '../../models/asset-upload.ts'
import { notFound, tooLarge, versionConflict } from '../errors.ts'
import type { Services } from '../services.ts'
import type { Intake } from '../space/intake.ts'
import { changeAsset } from './change.ts'

/**
 * Adds preview images behind those an asset has.
 *
 * @param version only if the asset is still at it
 * @throws `too_large` when there would be more than eight, `version_conflict`
 */
export async function addImages(
  { intake, images }: { intake: Intake; images: AssetImage[] },
  asset: AssetFields,
  version?: number,
): Promise<AssetFields> {
  const settlement = { bytes: bytesOf(images.flatMap(objectsOfImage)), files: 0 }
  for (let current: AssetFields | null = asset; current; ) {
    if (version !== undefined && version !== current.version) throw versionConflict()
    if (current.images.length + images.length > IMAGES.max)
      throw tooLarge(`There may be ${IMAGES.max} images at the most.`)
    const changed: AssetFields | null = await commitUpload(intake, {
      state: 'ready',
      version: current.version,
      set: { updatedAt: new Date() },
      push: { images: { $each: images } },
      unsettled: { id: intake.id, ...settlement },
    })
    if (changed) {
      await intake.settle(settlement)
      return changed
    }
    current = await readAfter(current)
  }
  throw notFound()
}

/** The asset as another change has left it; null when it is gone or nothing has changed it. */
function readAfter({ _id, version }: AssetFields): Promise<AssetFields | null> {
  return Asset.findOne({ _id, state: 'ready', version: { $ne: version } })
    .lean()
    .exec()
}

/** Removes one preview image. @throws `not_found`, `version_conflict` */
export function removeImage(
  services: Pick<Services, 'store' | 'log'>,
  asset: AssetFields,
  imageId: string,
  version?: number,
) {
  const find = ({ images }: AssetFields) => images.find(({ id }) => id === imageId)
  if (!find(asset)) throw notFound()
  return changeAsset(services, asset, {
    version,
    forgets: (current) => {
      const image = find(current)
      return image ? objectsOfImage(image) : []
    },
    files: () => 0,
    apply: (current, trash) =>
      Asset.findOneAndUpdate(
        { _id: current._id, state: 'ready', version: current.version, 'images.id': imageId },
        {
          $pull: { images: { id: imageId } },
          $set: { updatedAt: new Date() },
          $inc: { version: 1 },
          $push: { trash },
        },
        { returnDocument: 'after' },
      )
        .lean()
        .exec(),
  })
}
