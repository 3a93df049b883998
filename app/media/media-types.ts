import { type AssetType, MEDIA, type Media } from '../../models/media.ts'

const MODEL =
  /^(?:model\/|application\/(?:vnd\.autodesk\.fbx|x-blender|vnd\.google\.draco|vnd\.sketchup\.skp))/
/** CAD drawings are filed under image/ by IANA, yet nothing shows them as a picture. */
const DRAWING = /^image\/vnd\.(?:dwg|dxf)$/
const VIDEO = /^application\/(?:mxf|vnd\.ms-asf|vnd\.rn-realmedia|ogg)$/
const IMAGE = /^application\/(?:eps|dicom)$/
const DOCUMENT =
  /^(?:text\/|application\/(?:pdf|rtf|postscript|msword|epub\+zip|toml|sql|x-sh|x-subrip|graphql|x-indesign|x-mobipocket-ebook|vnd\.(?:openxmlformats-officedocument|oasis\.opendocument|ms-(?:word|excel|powerpoint|htmlhelp|outlook)|visio).*|(?:.*[+])?(?:json|xml))$)/
const ARCHIVE =
  /^application\/(?:zip|gzip|zstd|vnd\.rar|java-archive|vnd\.(?:android\.package-archive|ms-cab-compressed)|x-(?:tar|bzip2|xz|7z-compressed|lzip|lz4|compress|lzh-compressed|arj|ace-compressed|cpio|rpm|deb|asar|unix-archive|apple-diskimage|google-chrome-extension|xpinstall))$/

/** The kind of thing a media type stands for. */
export function mediaOf(mediaType: string): Media {
  if (MODEL.test(mediaType) || DRAWING.test(mediaType)) return 'model'
  if (mediaType.startsWith('image/') || IMAGE.test(mediaType)) return 'image'
  if (mediaType.startsWith('video/') || VIDEO.test(mediaType)) return 'video'
  if (mediaType.startsWith('audio/')) return 'audio'
  if (DOCUMENT.test(mediaType)) return 'document'
  return ARCHIVE.test(mediaType) ? 'archive' : 'other'
}

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

/**
 * Whether `?inline=1` is granted to a file of this media type, as told by `identify`.
 * Pictures, films and sounds run nothing; XML of any kind (SVG first of all) can carry script,
 * and so can everything that is shown as a page or in a viewer (HTML, PDF).
 */
export function mayShowInline(mediaType: string): boolean {
  return /^(image|video|audio)\//.test(mediaType) && !mediaType.endsWith('xml')
}
