import type { Metadata } from 'sharp'

/** How a picture is rendered. */
interface Rendering {
  /** Pixels of the longer side of the result. */
  side: number
  /** Effort of libwebp, 0 to 6. */
  effort: number
  /** Whether all frames of an animation are rendered. */
  allFrames: boolean
}

/** Memory that a renderer can use for a picture besides that of an idle one, in bytes. */
export interface PictureMemory {
  /** Now. */
  free: number
  /** When the machine does nothing else. */
  most: number
}

/** Memory of a renderer for any picture, in bytes, besides that of an idle one. */
const BASE_BYTES = 18e6
/** Memory for each pixel of a still result, in bytes: by the effort of libwebp. */
const encodingBytes = (effort: number) => (effort > 2 ? 18 : 9)
/** Memory for each pixel of all frames of an animated result, in bytes. */
const FRAMES_BYTES = 4.5
/**
 * Memory for each pixel of a picture that is decoded as a whole, in bytes, by its format: that of most kinds of it. A WebP
 * with losses needs less, which its header does not tell.
 */
const WHOLE_BYTES = { gif: 7, webp: 5, heif: 21 }
/** The same for an AVIF with 10 or 12 bits. */
const DEEP_HEIF_BYTES = 33
/** Lines of a JPEG that libjpeg holds in full width besides those of libvips. */
const JPEG_LINES = 128
/** Most lines of a picture that libvips holds while it reads line by line. */
const LINES = 2000
/** Memory that libpng needs for an interlaced picture, as a multiple of its pixels. */
const INTERLACED = 1.3

/** Sides of smaller results that are rendered when memory is short. */
const SMALLER_SIDES = [1024, 512]
const LOW_EFFORT = 2

/**
 * Returns the rendering nearest to the wanted one for which the free memory is enough: with less effort, smaller, or of
 * the first frame only. Returns null if even the smallest needs more.
 *
 * @param free in bytes
 */
export function fittingRendering(metadata: Metadata, wanted: Rendering, free: number): Rendering | null {
  return renderingsFrom(wanted).find((one) => neededBytes(metadata, one) <= free) ?? null
}

/** Returns the memory of the rendering that needs least, in bytes. */
export const leastBytes = (metadata: Metadata, wanted: Rendering): number =>
  Math.min(...renderingsFrom(wanted).map((one) => neededBytes(metadata, one)))

/** Returns the wanted rendering, then those that need less memory. */
function renderingsFrom(wanted: Rendering): Rendering[] {
  const effort = Math.min(wanted.effort, LOW_EFFORT)
  const sides = [wanted.side, ...SMALLER_SIDES.filter((side) => side < wanted.side)]
  return [wanted, ...sides.map((side) => ({ side, effort, allFrames: false }))]
}

/** Returns the memory that a renderer needs besides that of an idle one, in bytes; measured with libvips 8.18. */
export function neededBytes(metadata: Metadata, { side, effort, allFrames }: Rendering): number {
  const { width, height, pages = 1 } = metadata
  const scale = Math.min(1, side / Math.max(width, height))
  const result = width * height * scale ** 2
  const frames = allFrames ? result * pages * FRAMES_BYTES : 0
  return BASE_BYTES + decodingBytes(metadata, scale) + frames + result * encodingBytes(effort)
}

function decodingBytes(metadata: Metadata, scale: number): number {
  const { format, width, height, channels = 4, depth, isProgressive, chromaSubsampling } = metadata
  const pixels = width * height
  const isDeep = depth === 'ushort'
  if (format === 'heif' && isDeep) return pixels * DEEP_HEIF_BYTES
  if (format === 'gif' || format === 'webp' || format === 'heif') return pixels * WHOLE_BYTES[format]
  const pixelBytes = Math.max(3, channels) * (isDeep ? 2 : 1)
  if (format === 'jpeg') {
    // libjpeg holds the coefficients of a progressive picture, and scales any picture while it decodes
    const coefficients = chromaSubsampling === '4:2:0' ? 3 : 2 * channels
    return (
      (isProgressive ? pixels * coefficients : 0) +
      width * JPEG_LINES * pixelBytes +
      linesBytes(width, height, pixelBytes, shrinkOf(scale))
    )
  }
  return isProgressive ? pixels * pixelBytes * INTERLACED : linesBytes(width, height, pixelBytes)
}

const linesBytes = (width: number, height: number, pixelBytes: number, shrink = 1) =>
  (width / shrink) * Math.min(height / shrink, LINES) * pixelBytes

/** Returns the factor by which libjpeg scales down: 8, 4, 2 or 1. */
const shrinkOf = (scale: number) => [8, 4, 2].find((factor) => factor * scale <= 1) ?? 1
