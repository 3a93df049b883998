import { bytesOf } from '../../models/asset-objects.ts'
import type { AssetFile, Cover } from '../../models/asset-shape.ts'
import type { AssetType } from '../../models/media.ts'
import { assetMedia, assetType } from '../media/classify.ts'
import { tryThumbnail } from '../media/preview.ts'
import type { Intake } from '../space/intake.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { storePicture } from './receive-image.ts'

/** What an asset's files make of it. */
export function describeFiles(files: AssetFile[], givenType: AssetType | undefined) {
  const medias = files.map(({ media }) => media)
  return {
    files,
    media: assetMedia(medias),
    size: bytesOf(files),
    ...(givenType ? {} : { type: assetType(medias) }),
  }
}

/** A thumbnail of the first picture among the files; null where there is none or it cannot be read. */
export async function makeCover(
  store: ObjectStore,
  intake: Intake,
  files: AssetFile[],
): Promise<Cover | null> {
  const file = files.find(({ media }) => media === 'image')
  if (!file) return null
  const thumbnail = await tryThumbnail(await store.open(file.key), file.size)
  if (!thumbnail) return null
  return { ...(await storePicture(store, intake, thumbnail)), original: thumbnail.original }
}
