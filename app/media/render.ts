import sharp, { type Metadata, type SharpOptions } from 'sharp'
import { limitFrames } from './limit-frames.ts'

/** A picture to render. */
export interface RenderJob {
  /** A temporary file: an animation of too many frames in it is cut after the first one. */
  path: string
  /** The most pixels of either side. */
  side: number
  /** Whether an animation stays one; else its first frame is taken. */
  animated: boolean
}

export interface Rendered {
  data: Uint8Array
  width: number
  height: number
  /** The sides of the picture it was made of, upright. */
  original: { width: number; height: number }
}

const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif']

/**
 * The most pixels of a picture, by how it must be decoded, so that decoding takes about 90 MB at most. Measured
 * with libvips 8.18: under 1 byte a pixel line by line, 4 to 6 for the coefficients of a progressive JPEG and
 * for an interlaced PNG, 7 for whole frames, 20 to 25 for AV1.
 */
const MAX_PIXELS = { streamed: 108e6, interlaced: 16e6, framed: 11e6, av1: 3.7e6 }
/** Of all frames of an animation together: what can be encoded again in reasonable time. */
const MAX_ANIMATED_PIXELS = 40e6

const QUALITY = 82
/** libwebp's effort, 0 to 6: many frames are given less time each. */
const STILL_EFFORT = 4
const ANIMATION_EFFORT = 2

sharp.cache(false)
sharp.concurrency(1)
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({ operation: LOADERS.map((name) => `VipsForeignLoad${name}File`) })

/**
 * Makes WebP of a picture: upright, in sRGB, no larger than asked and than it is, without its metadata. Only
 * JPEG, PNG, WebP, GIF and AVIF are read, whatever the file is called: libvips is kept from everything else.
 * Rejects where it is none of these, broken, cut short or too large.
 */
export async function render({ path, side, animated }: RenderJob): Promise<Rendered> {
  limitFrames(path)
  const metadata = await sharp(path, limits()).metadata()
  const { width, height } = metadata
  if (width * height > maxPixels(metadata))
    throw new RangeError(`${metadata.format} of ${width} × ${height} pixels`)

  const allFrames = animated && mayStayAnimated(metadata)
  const { data, info } = await sharp(path, { ...limits(), animated: allFrames })
    .autoOrient()
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: QUALITY, effort: allFrames ? ANIMATION_EFFORT : STILL_EFFORT })
    .toBuffer({ resolveWithObject: true })
  const { autoOrient: original } = metadata
  return { data, width: info.width, height: info.pageHeight ?? info.height, original }
}

function limits(): SharpOptions {
  return { limitInputPixels: MAX_PIXELS.streamed, failOn: 'error', sequentialRead: true }
}

function maxPixels({ format, isProgressive }: Metadata): number {
  if (format === 'heif') return MAX_PIXELS.av1
  if (format === 'gif' || format === 'webp') return MAX_PIXELS.framed
  return isProgressive ? MAX_PIXELS.interlaced : MAX_PIXELS.streamed
}

/** Frames cannot be turned, and a long film takes too long. */
function mayStayAnimated({ width, height, pages = 1, orientation = 1 }: Metadata): boolean {
  return pages > 1 && orientation === 1 && width * height * pages <= MAX_ANIMATED_PIXELS
}
