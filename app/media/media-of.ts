import type { Media } from '../../models/media.ts'

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
