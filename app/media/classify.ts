import { type AssetType, MEDIA, type Media } from '../../models/media.ts'

/** The media of an asset made of these files: its most telling one, `other` where there is none. */
export function assetMedia(medias: readonly Media[]): Media {
  return MEDIA.find((media) => medias.includes(media)) ?? 'other'
}

/** The type of an asset whose owner named none. */
export function assetType(medias: readonly Media[]): AssetType {
  switch (assetMedia(medias)) {
    case 'model':
      return '3D'
    case 'image':
    case 'video':
      return '2D'
    default:
      return 'other'
  }
}
