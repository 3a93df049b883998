import sharp, { type Metadata, type SharpOptions } from 'sharp'
import { limitFrames, PictureTooLarge } from './limit-frames.ts'
import { fittingRendering, leastBytes, type PictureMemory } from './picture-memory.ts'

/** A picture to render. */
export interface RenderJob {
  /** A temporary file: an animation of too many frames in it is cut after the first one. */
  path: string
  /** Pixels of the longer side of the result. */
  side: number
  /** Whether an animation stays animated. Otherwise its first frame is rendered. */
  animated: boolean
  /** If it is not enough, the result is smaller or has one frame. */
  memory: PictureMemory
}

/** The picture needs more memory than is free now. */
export class MemoryShort extends Error {}

export interface Rendered {
  data: Uint8Array
  width: number
  height: number
  /** The size of the source picture, upright. */
  original: { width: number; height: number }
}

const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif']

/** Most pixels of a picture. Where there is not enough memory for so many, `fittingRendering` refuses it. */
const MAX_PIXELS = 200_000_000
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
  if (width * height > MAX_PIXELS)
    throw new PictureTooLarge(
      `The image has ${inMillions(width * height)} million pixels. The limit is ${inMillions(MAX_PIXELS)} million.`,
    )

  const all = animated && canStayAnimated(metadata)
  const wanted = { side, effort: all ? ANIMATION_EFFORT : STILL_EFFORT, allFrames: all }
  const rendering = fittingRendering(metadata, wanted, memory.free)
  if (!rendering) throw memoryError(leastBytes(metadata, wanted), memory)
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
  return { limitInputPixels: MAX_PIXELS, failOn: 'error', sequentialRead: true }
}

/** Returns pixels in millions, rounded up to one decimal. */
const inMillions = (pixels: number) => Math.ceil(pixels / 1e5) / 10

const memoryError = (needed: number, { free, most }: PictureMemory) =>
  needed > most
    ? new PictureTooLarge(
        'The image needs more memory than this server has for an image. Send an image with fewer pixels.',
      )
    : new MemoryShort(`${needed} bytes are needed, ${free} are free`)

/** Returns whether all frames are rendered. Frames cannot be rotated, and long animations take too long. */
function canStayAnimated({ width, height, pages = 1, orientation = 1 }: Metadata): boolean {
  return pages > 1 && orientation === 1 && width * height * pages <= MAX_ANIMATED_PIXELS
}
