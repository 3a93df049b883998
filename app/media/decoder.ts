import pLimit from 'p-limit'
import sharp, { type Metadata, type Sharp, type SharpOptions } from 'sharp'
import { unsupportedMedia } from '../errors.ts'

const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif']

/** No picture may take longer than this to be read and written again. */
const MAX_SECONDS = 20

/**
 * The most pixels of a picture, by how it must be decoded, so that decoding takes about 90 MB at most. Measured
 * with libvips 8.18: under 1 byte a pixel line by line, 4 to 6 for the coefficients of a progressive JPEG and
 * for an interlaced PNG, 7 for whole frames, 20 to 25 for AV1.
 */
const MAX_PIXELS = { streamed: 108e6, interlaced: 16e6, framed: 11e6, av1: 3.7e6 }
/** Of all frames of an animation together: what can be encoded again within `MAX_SECONDS`. */
const MAX_ANIMATED_PIXELS = 40e6

sharp.cache(false)
sharp.concurrency(1)
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: LOADERS.flatMap((name) => [`VipsForeignLoad${name}File`, `VipsForeignLoad${name}Buffer`]),
})

/** One picture at a time: what one may take is what the process has to spare. */
const oneAtATime = pLimit(1)

/** What is known of a picture before it is decoded. */
export interface Decodable {
  /** It has several frames, few enough and turned so that all of them can be kept. */
  animated: boolean
  /** The picture upright, its metadata left behind; all of its frames or the first. */
  open(frames: 'all' | 'first'): Sharp
}

/**
 * Runs `work` on a picture, when its turn has come. Only JPEG, PNG, WebP, GIF and AVIF are read, whatever the
 * file is called: libvips is kept from everything else.
 *
 * @param source the bytes, or the path of a file
 * @throws AppError 415 where the bytes are none of these, broken, truncated, too large or too slow to decode
 */
export function decode<T>(source: Buffer | string, work: (picture: Decodable) => Promise<T>): Promise<T> {
  return oneAtATime(async () => {
    try {
      return await work(decodable(source, await sharp(source, limits()).metadata()))
    } catch (error) {
      throw unsupportedMedia(
        'The picture is no whole JPEG, PNG, WebP, GIF or AVIF, or it is too large.',
        error,
      )
    }
  })
}

function decodable(source: Buffer | string, metadata: Metadata): Decodable {
  const { width, height, pages = 1, orientation = 1 } = metadata
  const pixels = width * height
  if (pixels > maxPixels(metadata)) throw new RangeError(`${metadata.format} of ${width} × ${height} pixels`)
  return {
    animated: pages > 1 && pixels * pages <= MAX_ANIMATED_PIXELS && orientation === 1,
    open: (frames) =>
      sharp(source, { ...limits(), animated: frames === 'all' })
        .timeout({ seconds: MAX_SECONDS })
        .autoOrient(),
  }
}

function maxPixels({ format, isProgressive }: Metadata): number {
  if (format === 'heif') return MAX_PIXELS.av1
  if (format === 'gif' || format === 'webp') return MAX_PIXELS.framed
  return isProgressive ? MAX_PIXELS.interlaced : MAX_PIXELS.streamed
}

function limits(): SharpOptions {
  return { limitInputPixels: MAX_PIXELS.streamed, failOn: 'error', sequentialRead: true }
}
