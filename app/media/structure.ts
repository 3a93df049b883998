import { type Candidate, type Identity, image, model } from './candidate.ts'

const STL_HEADER = 84
const STL_FACET = 50
const TGA_IMAGE_TYPES = [1, 2, 3, 9, 10, 11, 32, 33]
const TGA_DEPTHS = [8, 15, 16, 24, 32]

/** Binary formats without a signature, told by how their first numbers fit the file; few enough to be sure. */
export function byStructure(file: Candidate): Identity | undefined {
  if (isBinaryStl(file)) return model('model/stl')
  if (is3ds(file)) return model('application/x-3ds')
  if (isJt(file)) return model('model/jt')
  return isTga(file) ? image('image/x-tga') : undefined
}

/** 80 bytes of anything, a count, and exactly so many facets. None at all is believed of an .stl only. */
function isBinaryStl({ extension, head, size }: Candidate): boolean {
  if (size < STL_HEADER || head.length < STL_HEADER) return false
  const facets = head.readUInt32LE(80)
  return size === STL_HEADER + STL_FACET * facets && (facets > 0 || extension === 'stl')
}

/** A main chunk that spans the file, or at least fits in a .3ds, with another chunk in it. */
function is3ds({ extension, head, size }: Candidate): boolean {
  if (head.length < 12 || head.readUInt16LE(0) !== 0x4d4d) return false
  const length = head.readUInt32LE(2)
  return length === size || (extension === '3ds' && length >= 12 && length <= size)
}

/** Truevision TGA has a signature at its end only: a plausible header is believed of a .tga. */
function isTga({ extension, head }: Candidate): boolean {
  if (extension !== 'tga' || head.length < 18) return false
  return (
    head.readUInt8(1) <= 1 &&
    TGA_IMAGE_TYPES.includes(head.readUInt8(2)) &&
    head.readUInt16LE(12) > 0 &&
    head.readUInt16LE(14) > 0 &&
    TGA_DEPTHS.includes(head.readUInt8(16))
  )
}

/** A line of text, "Version n.n" and padding (ISO 14306), then binary. */
function isJt({ extension, head }: Candidate): boolean {
  return extension === 'jt' && /^Version \d+\.\d/.test(head.toString('latin1', 0, 16))
}
