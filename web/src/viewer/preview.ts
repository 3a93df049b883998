import { kindOf, type ViewedFile } from './kinds.ts'

interface Pictured {
  files: readonly ViewedFile[]
  images: readonly { url: string }[]
  thumbnail: string | null
}

/** Longest side of a thumbnail, in pixels. A smaller one has the size of its picture. */
export const THUMBNAIL_SIDE = 512

/** Returns the URL of the picture that is shown until a file has been loaded; null if there is none. */
export function previewOf(
  { files, images, thumbnail }: Pictured,
  file: ViewedFile | undefined,
): string | null {
  const kind = file && kindOf(file)
  if (kind === 'model' || kind === 'video') return images[0]?.url ?? null
  // the thumbnail shows a preview image, else the first image file
  const isOfFile =
    images.length === 0 && files.filter(({ mediaType }) => mediaType.startsWith('image/')).length === 1
  return kind === 'image' && isOfFile ? thumbnail : null
}
