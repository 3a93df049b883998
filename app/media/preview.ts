import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { AppError, tooLarge } from '../errors.ts'
import { type Decodable, decode } from './decoder.ts'
import { withFile } from './spool.ts'

/** A picture's bytes, a stream of them, or the path of a file. */
export type PictureSource = Buffer | Readable | string

/** A picture of our own making: WebP, upright, in sRGB, without any metadata. */
export interface EncodedPicture {
  data: Buffer
  mediaType: 'image/webp'
  width: number
  height: number
}

/** The most bytes of a file of which a picture is made; larger ones are kept, but stay without. */
export const PREVIEW_MAX_BYTES = 100_000_000

/** WebP itself ends at 16,383 pixels; past this size a picture is no preview, and takes the memory of one. */
const PREVIEW_SIDE = 2048
const THUMBNAIL_SIDE = 512
const QUALITY = 82
/** libwebp's effort, 0 to 6: many frames are given less time each. */
const STILL_EFFORT = 4
const ANIMATION_EFFORT = 2

/**
 * Makes the preview image that is kept in place of an uploaded one: no larger than 2048 × 2048 pixels,
 * an animation kept as one unless it is too long.
 *
 * @throws AppError 415 for anything but a whole JPEG, PNG, WebP, GIF or AVIF, 413 over `PREVIEW_MAX_BYTES`
 */
export function makePreview(source: PictureSource): Promise<EncodedPicture> {
  return onFile(source, (file) =>
    decode(file, (picture) => render(picture, PREVIEW_SIDE, picture.animated ? 'all' : 'first')),
  )
}

/** Makes a still picture of at most 512 × 512 pixels; rejects like `makePreview`. */
export function makeThumbnail(source: PictureSource): Promise<EncodedPicture> {
  return onFile(source, (file) => decode(file, (picture) => render(picture, THUMBNAIL_SIDE, 'first')))
}

/**
 * The thumbnail of a stored file, which is kept whatever it is: null where none can be made of it.
 * Still rejects where the file cannot be read.
 *
 * @param size bytes of the file: of one too large nothing is read
 */
export async function tryThumbnail(source: Readable, size: number): Promise<EncodedPicture | null> {
  if (size > PREVIEW_MAX_BYTES) {
    source.destroy()
    return null
  }
  try {
    return await makeThumbnail(source)
  } catch (error) {
    if (error instanceof AppError && error.code === 'unsupported_media') return null
    throw error
  }
}

async function render(picture: Decodable, side: number, frames: 'all' | 'first'): Promise<EncodedPicture> {
  const { data, info } = await picture
    .open(frames)
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: QUALITY, effort: frames === 'all' ? ANIMATION_EFFORT : STILL_EFFORT })
    .toBuffer({ resolveWithObject: true })
  return { data, mediaType: 'image/webp', width: info.width, height: info.pageHeight ?? info.height }
}

async function onFile<T>(source: PictureSource, use: (file: Buffer | string) => Promise<T>): Promise<T> {
  if (source instanceof Readable) return withFile(source, PREVIEW_MAX_BYTES, use)
  const bytes = typeof source === 'string' ? (await stat(source)).size : source.length
  if (bytes > PREVIEW_MAX_BYTES) throw tooLarge(`A picture may have ${PREVIEW_MAX_BYTES} bytes.`)
  return use(source)
}
