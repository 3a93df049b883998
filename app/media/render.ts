import sharp, { type Metadata, type SharpOptions } from 'sharp'
import { limitFrames, PictureTooLarge } from './limit-frames.ts'
import { fittingRendering, neededBytes } from './picture-memory.ts'

/** A picture to render. */
export interface RenderJob {
  /** A temporary file: an animation of too many frames in it is cut after the first one. */
  path: string
  /** Pixels of the longer side of the result. */
  side: number
  /** Whether an animation stays animated. Otherwise its first frame is rendered. */
  animated: boolean
  /** Memory that the picture can use, in bytes. If it is not enough, the result is smaller or has one frame. */
  memory: number
}

/** The picture needs more memory than there is. */
export class MemoryShort extends Error {}

export interface Rendered {
  data: Uint8Array
  width: number
  height: number
  /** The size of the source picture, upright. */
  original: { width: number; height: number }
}

const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif']

/**
 * Most pixels of a picture, by the way it is decoded, on a machine with enough memory: then decoding takes at most about
 * 90 MB, but more for wide pictures and 16-bit samples. `fittingRendering` refuses what needs more memory than there is.
 */
const MAX_PIXELS = { streamed: 200e6, interlaced: 16e6, framed: 11e6, av1: 3.7e6 }
/** Most pixels of all frames of an animation together. So many can be encoded in a few seconds. */
const MAX_ANIMATED_PIXELS = 40e6

const QUALITY = 82
/** Effort of libwebp, 0 to 6. Animations get less, because they have many frames. */
const STILL_EFFORT = 4
const ANIMATION_EFFORT = 2

sharp.cache(false)
sharp.concurrency(1)
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({ operation: LOADERS.map((name) => `VipsForeignLoad${name}File`) })

/**
 * Renders a picture as WebP: upright, in sRGB, without metadata, never enlarged. libvips reads only JPEG, PNG, WebP, GIF
 * and AVIF; its other loaders are blocked. Rejects a file that has another format, is broken or truncated.
 *
 * @throws PictureTooLarge
 * @throws MemoryShort
 */
export async function render({ path, side, animated, memory }: RenderJob): Promise<Rendered> {
  limitFrames(path)
  // only the header is read
  const metadata = await sharp(path, { ...limits(), limitInputPixels: false }).metadata()
  const { width, height } = metadata
  const most = maxPixels(metadata)
  if (width * height > most) throw new PictureTooLarge(describeLimit(metadata, most))

  const all = animated && canStayAnimated(metadata)
  const wanted = { side, effort: all ? ANIMATION_EFFORT : STILL_EFFORT, allFrames: all }
  const rendering = fittingRendering(metadata, wanted, memory)
  if (!rendering)
    throw new MemoryShort(`${neededBytes(metadata, wanted)} bytes for ${width} × ${height} pixels`)
  const { side: longer, effort, allFrames } = rendering
  const { data, info } = await sharp(path, { ...limits(), animated: allFrames })
    .autoOrient()
    .resize({ width: longer, height: longer, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: QUALITY, effort })
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

/** Names of the formats whose limit differs from that of JPEG and PNG. */
const FORMAT_NAMES: Partial<Record<string, string>> = { heif: 'AVIF', gif: 'GIF', webp: 'WebP' }

function describeLimit({ format, width, height, isProgressive }: Metadata, most: number): string {
  const others = isProgressive ? 'progressive JPEG and interlaced PNG' : 'JPEG and PNG'
  const million = (pixels: number) => `${Math.ceil(pixels / 1e5) / 10} million`
  return `The image has ${million(width * height)} pixels. The limit for ${FORMAT_NAMES[format] ?? others} is ${million(most)}.`
}

/** Returns whether all frames are rendered. Frames cannot be rotated, and long animations take too long. */
function canStayAnimated({ width, height, pages = 1, orientation = 1 }: Metadata): boolean {
  return pages > 1 && orientation === 1 && width * height * pages <= MAX_ANIMATED_PIXELS
}
