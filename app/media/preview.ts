import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { AppError, tooLarge, unsupportedMedia } from '../errors.ts'
import {
  type IsolatedJob,
  RenderError,
  RenderLimit,
  type Requester,
  renderIsolated,
} from './render-isolated.ts'
import { type SpoolQuota, withTemporaryFile } from './spool.ts'

export type PictureSource = Buffer | Readable

/** A rendered picture: WebP, upright, in sRGB, without metadata. */
export interface EncodedPicture {
  data: Buffer
  mediaType: 'image/webp'
  width: number
  height: number
  /** The size of the source picture, upright. */
  original: { width: number; height: number }
}

/** Largest file that a picture is rendered from, in bytes. Larger files are stored without a thumbnail. */
export const PREVIEW_MAX_BYTES = 100_000_000

/** Pixels of the longer side of a preview image. It also bounds the memory that encoding takes. */
export const PREVIEW_SIDE = 2048
export const THUMBNAIL_SIDE = 512

/**
 * Renders the preview image that is stored instead of an uploaded one: at most 2048 × 2048 pixels, fewer if memory is
 * short. An animation stays animated unless it is too long.
 *
 * @param quota counts the bytes of the source while they are in a temporary file
 * @throws unsupported_media unless the source is a complete JPEG, PNG, WebP, GIF or AVIF
 * @throws too_large over `PREVIEW_MAX_BYTES`, with too many pixels, or when it takes too long
 * @throws unavailable when too many pictures wait, memory is short, or temporary files cannot be written
 */
export function makePreview(
  source: PictureSource,
  requester: Requester,
  quota?: SpoolQuota,
): Promise<EncodedPicture> {
  return encode(source, requester, { side: PREVIEW_SIDE, animated: true }, quota)
}

/** Renders a still picture of at most 512 × 512 pixels. @throws what `makePreview` throws */
export function makeThumbnail(source: PictureSource, requester: Requester): Promise<EncodedPicture> {
  return encode(source, requester, { side: THUMBNAIL_SIDE, animated: false })
}

/** Codes of files without a thumbnail. */
const NO_PICTURE = new Set(['unsupported_media', 'too_large'])

/**
 * Renders the thumbnail of a stored file. Returns null when the file is not a picture, or over a limit.
 *
 * @param size size of the file in bytes; a file over `PREVIEW_MAX_BYTES` is not read
 * @throws what `makePreview` throws, except unsupported_media and too_large
 * @throws the error of the stream
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
    if (error instanceof AppError && NO_PICTURE.has(error.code)) return null
    throw error
  }
}

async function encode(
  source: PictureSource,
  requester: Requester,
  job: Pick<IsolatedJob, 'side' | 'animated'>,
  quota?: SpoolQuota,
): Promise<EncodedPicture> {
  const stream = source instanceof Readable ? source : Readable.from([source])
  const spool = { user: requester.user, maxBytes: PREVIEW_MAX_BYTES, quota }
  const rendered = await withTemporaryFile(stream, spool, async (path) =>
    renderIsolated({ path, canAnimate: await canAnimate(path), ...job }, requester),
  ).catch((error) => {
    if (error instanceof RenderLimit) throw tooLarge(error.message, error)
    if (!(error instanceof RenderError)) throw error
    throw unsupportedMedia('The image must be a complete JPEG, PNG, WebP, GIF or AVIF.', error)
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
