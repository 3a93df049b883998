import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { AppError, unsupportedMedia } from '../errors.ts'
import type { RenderJob } from './render.ts'
import { RenderError, type Requester, renderIsolated } from './render-isolated.ts'
import { type SpoolQuota, withTemporaryFile } from './spool.ts'

/** A picture's bytes, or a stream of them. */
export type PictureSource = Buffer | Readable

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
export const PREVIEW_SIDE = 2048
export const THUMBNAIL_SIDE = 512

/**
 * Makes the preview image that is kept in place of an uploaded one: no larger than 2048 × 2048 pixels,
 * an animation kept as one unless it is too long.
 *
 * @param quota counts the bytes of the source while they are kept in a temporary file
 * @throws unsupported_media for anything but a whole JPEG, PNG, WebP, GIF or AVIF
 * @throws too_large over `PREVIEW_MAX_BYTES`
 * @throws unavailable when too many pictures wait, or temporary files cannot be written
 */
export function makePreview(
  source: PictureSource,
  requester: Requester,
  quota?: SpoolQuota,
): Promise<EncodedPicture> {
  return encode(source, requester, { side: PREVIEW_SIDE, animated: true }, quota)
}

/** Makes a still picture of at most 512 × 512 pixels; rejects like `makePreview`. */
export function makeThumbnail(source: PictureSource, requester: Requester): Promise<EncodedPicture> {
  return encode(source, requester, { side: THUMBNAIL_SIDE, animated: false })
}

/**
 * The thumbnail of a stored file, which is kept whatever it is: null where none can be made of it.
 * Still rejects where the file cannot be read.
 *
 * @param size bytes of the file: of one too large nothing is read
 */
export async function tryThumbnail(
  source: Readable,
  size: number,
  requester: Requester,
): Promise<EncodedPicture | null> {
  if (size > PREVIEW_MAX_BYTES) {
    source.destroy()
    return null
  }
  try {
    return await makeThumbnail(source, requester)
  } catch (error) {
    if (error instanceof AppError && error.code === 'unsupported_media') return null
    throw error
  }
}

async function encode(
  source: PictureSource,
  requester: Requester,
  job: Omit<RenderJob, 'path'>,
  quota?: SpoolQuota,
): Promise<EncodedPicture> {
  const stream = source instanceof Readable ? source : Readable.from([source])
  const spool = { user: requester.user, maxBytes: PREVIEW_MAX_BYTES, quota }
  const rendered = await withTemporaryFile(stream, spool, async (path) =>
    renderIsolated({ path, canAnimate: await canAnimate(path), ...job }, requester),
  ).catch((error) => {
    if (!(error instanceof RenderError)) throw error
    throw unsupportedMedia('The image is no whole JPEG, PNG, WebP, GIF or AVIF, or it is too large.', error)
  })
  const { data, width, height, original } = rendered
  return {
    data: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    mediaType: 'image/webp',
    width,
    height,
    original,
  }
}

/** Returns whether a file begins like a GIF or WebP. */
async function canAnimate(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(12), 0, 12, 0)
    return /^(?:GIF8|RIFF.{4}WEBP)/s.test(buffer.toString('latin1', 0, bytesRead))
  } finally {
    await file.close()
  }
}
