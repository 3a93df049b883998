import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { AppError, tooLarge, unsupportedMedia } from '../errors.ts'
import type { RenderJob } from './render.ts'
import { RenderFault, renderApart } from './render-apart.ts'
import { withFile } from './spool.ts'

/** A picture's bytes, a stream of them, or the path of a file. */
export type PictureSource = Buffer | Readable | string

/** A picture of our own making: WebP, upright, in sRGB, without any metadata. */
export interface EncodedPicture {
  data: Buffer
  mediaType: 'image/webp'
  width: number
  height: number
  /** The sides of the picture it was made of, upright. */
  original: { width: number; height: number }
}

/** The most bytes of a file of which a picture is made; larger ones are kept, but stay without. */
export const PREVIEW_MAX_BYTES = 100_000_000

/** Past this size a picture is no preview, and takes the memory of one to encode. */
const PREVIEW_SIDE = 2048
const THUMBNAIL_SIDE = 512

/**
 * Makes the preview image that is kept in place of an uploaded one: no larger than 2048 × 2048 pixels,
 * an animation kept as one unless it is too long.
 *
 * @throws AppError 415 for anything but a whole JPEG, PNG, WebP, GIF or AVIF, 413 over `PREVIEW_MAX_BYTES`
 */
export function makePreview(source: PictureSource): Promise<EncodedPicture> {
  return onFile(source, (path) => encode({ path, side: PREVIEW_SIDE, animated: true }))
}

/** Makes a still picture of at most 512 × 512 pixels; rejects like `makePreview`. */
export function makeThumbnail(source: PictureSource): Promise<EncodedPicture> {
  return onFile(source, (path) => encode({ path, side: THUMBNAIL_SIDE, animated: false }))
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

async function encode(job: RenderJob): Promise<EncodedPicture> {
  try {
    const { data, width, height, original } = await renderApart(job)
    return {
      data: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
      mediaType: 'image/webp',
      width,
      height,
      original,
    }
  } catch (error) {
    if (!(error instanceof RenderFault)) throw error
    throw unsupportedMedia('The picture is no whole JPEG, PNG, WebP, GIF or AVIF, or it is too large.', error)
  }
}

async function onFile<T>(source: PictureSource, use: (path: string) => Promise<T>): Promise<T> {
  if (typeof source !== 'string') {
    const stream = source instanceof Readable ? source : Readable.from([source])
    return withFile(stream, PREVIEW_MAX_BYTES, use)
  }
  if ((await stat(source)).size > PREVIEW_MAX_BYTES)
    throw tooLarge(`A picture may have ${PREVIEW_MAX_BYTES} bytes.`)
  return use(source)
}
