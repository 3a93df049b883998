import { type AssetType, MEDIA, type Media } from '../../models/media.ts'

const MODEL =
  /^(?:model\/|application\/(?:vnd\.autodesk\.fbx|x-blender|vnd\.google\.draco|vnd\.sketchup\.skp))/
/** IANA registers CAD drawings under image/, but browsers cannot show them as images. */
const DRAWING = /^image\/vnd\.(?:dwg|dxf)$/
const VIDEO = /^application\/(?:mxf|vnd\.ms-asf|vnd\.rn-realmedia|ogg)$/
const IMAGE = /^application\/(?:eps|dicom)$/
const DOCUMENT =
  /^(?:text\/|application\/(?:pdf|rtf|postscript|msword|epub\+zip|toml|sql|x-sh|x-subrip|graphql|x-indesign|x-mobipocket-ebook|vnd\.(?:openxmlformats-officedocument|oasis\.opendocument|ms-(?:word|excel|powerpoint|htmlhelp|outlook)|visio).*|(?:.*[+])?(?:json|xml))$)/
const ARCHIVE =
  /^application\/(?:zip|gzip|zstd|vnd\.rar|java-archive|vnd\.(?:android\.package-archive|ms-cab-compressed)|x-(?:tar|bzip2|xz|7z-compressed|lzip|lz4|compress|lzh-compressed|arj|ace-compressed|cpio|rpm|deb|asar|unix-archive|apple-diskimage|google-chrome-extension|xpinstall))$/

/** Returns the kind of media of a media type. */
export function mediaOf(mediaType: string): Media {
  if (MODEL.test(mediaType) || DRAWING.test(mediaType)) return 'model'
  if (mediaType.startsWith('image/') || IMAGE.test(mediaType)) return 'image'
  if (mediaType.startsWith('video/') || VIDEO.test(mediaType)) return 'video'
  if (mediaType.startsWith('audio/')) return 'audio'
  if (DOCUMENT.test(mediaType)) return 'document'
  return ARCHIVE.test(mediaType) ? 'archive' : 'other'
}

/** Returns the kind of media of an asset: the first in `MEDIA` that one of its files has, or `other` without files. */
export function assetMedia(medias: readonly Media[]): Media {
  return MEDIA.find((media) => medias.includes(media)) ?? 'other'
}

/** Returns the type of an asset for which the client gave none. */
export function assetType(media: Media): AssetType {
  switch (media) {
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
 * Returns whether a browser can show a file of this media type with `?inline=1`. Images, videos and audio run no
 * scripts. XML (such as SVG), HTML and PDF can contain scripts and are always downloaded.
 */
export function canShowInline(mediaType: string): boolean {
  return /^(image|video|audio)\//.test(mediaType) && !mediaType.endsWith('xml')
}
