import type { AssetFile } from '../../models/asset.ts'
import { bytesOf } from '../../models/asset-objects.ts'
import type { AssetType } from '../../models/media.ts'
import { assetMedia, assetType } from '../media/classify.ts'

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
