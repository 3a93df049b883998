/** Small valid files of many types, generated so that no test needs files from other sources. */
import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'

interface Side {
  width?: number
  height?: number
}

const ORANGE = { r: 230, g: 120, b: 40 }
/** Encodes a string in which each character is one byte. */
const bytes = (text: string) => Buffer.from(text, 'latin1')
const uint32 = (...numbers: number[]) => Buffer.from(new Uint32Array(numbers).buffer)

function canvas({ width = 64, height = 48 }: Side = {}): Sharp {
  return sharp({ create: { width, height, channels: 3, background: ORANGE } })
}

export const png = (side?: Side): Promise<Buffer> => canvas(side).png().toBuffer()
export const jpeg = (side?: Side): Promise<Buffer> => canvas(side).jpeg().toBuffer()
export const webp = (side?: Side): Promise<Buffer> => canvas(side).webp().toBuffer()
export const avif = (side?: Side): Promise<Buffer> => canvas(side).avif({ effort: 0 }).toBuffer()
export const tiff = (side?: Side): Promise<Buffer> => canvas(side).tiff().toBuffer()
export const gif = (side?: Side): Promise<Buffer> => canvas(side).gif().toBuffer()

/** Returns a GIF with different frames, so that no encoder drops one. */
export function animatedGif({ width = 32, height = 24, frames = 3 }: Side & { frames?: number } = {}) {
  const pixels = Buffer.alloc(width * height * frames * 3, 0)
  for (let frame = 0; frame < frames; frame++) {
    pixels.fill((frame * 80) % 256, frame * width * height * 3, (frame + 1) * width * height * 3)
  }
  return sharp(pixels, { raw: { width, height: height * frames, channels: 3, pageHeight: height } })
    .gif()
    .toBuffer()
}

export const EXIF_SECRET = 'Ada Lovelace, 12 St James Square'

/** Returns a rotated JPEG (orientation 6) whose metadata has an author and a place. */
export const jpegWithExif = (side?: Side): Promise<Buffer> =>
  canvas(side)
    .withExif({ IFD0: { Artist: EXIF_SECRET }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer()

export const svg = () =>
  bytes('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>\n')
export const svgWithScript = () =>
  bytes(
    '<?xml version="1.0"?>\n<!-- drawn by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>\n',
  )
export const html = () =>
  bytes('<!DOCTYPE html>\n<html><body><script>alert(document.cookie)</script></body></html>\n')
/** HTML to upload under the file name of an image, such as `cat.png`. */
export const htmlNamedPng = html

export function glb(): Buffer {
  const json = bytes('{"asset":{"version":"2.0"},"scenes":[{"nodes":[]}],"scene":0}'.padEnd(64))
  return Buffer.concat([bytes('glTF'), uint32(2, 20 + json.length, json.length), bytes('JSON'), json])
}
export const gltf = () =>
  bytes('{\n "scene": 0,\n "scenes": [{"nodes": []}],\n "asset": {"version": "2.0"}\n}\n')
export const obj = () =>
  bytes('# A triangle\nmtllib chair.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl oak\nf 1 2 3\n')
export const mtl = () => bytes('# Oak\nnewmtl oak\nKd 0.6 0.4 0.2\n')
export const stlAscii = () =>
  bytes(
    'solid chair\n facet normal 0 0 1\n  outer loop\n   vertex 0 0 0\n   vertex 1 0 0\n   vertex 0 1 0\n  endloop\n endfacet\nendsolid chair\n',
  )
/** A binary STL. Its header can begin with "solid", as ASCII STL does. */
export const stlBinary = (facets = 2, header = 'solid made by hand') =>
  Buffer.concat([bytes(header.padEnd(80)), uint32(facets), Buffer.alloc(50 * facets, 1)])
export const plyAscii = () =>
  bytes('ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n0\n')
export const dae = () =>
  bytes('<?xml version="1.0"?>\n<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema"/>\n')
export const fbx = () =>
  Buffer.concat([bytes('Kaydara FBX Binary  \0\x1a\0'), uint32(7400), Buffer.alloc(64)])
export const blend = () => Buffer.concat([bytes('BLENDER-v405REND'), Buffer.alloc(64)])

const box = (type: string, ...content: Buffer[]) => {
  const body = Buffer.concat([bytes(type), ...content])
  const size = Buffer.alloc(4)
  size.writeUInt32BE(body.length + 4)
  return Buffer.concat([size, body])
}
export const mp4 = () =>
  Buffer.concat([
    box('ftyp', bytes('isom\0\0\x02\0isomiso2mp41')),
    box('free'),
    box('mdat', Buffer.alloc(64)),
  ])
export const webm = () =>
  Buffer.concat([
    bytes('\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm'),
    Buffer.alloc(64),
  ])
export function wav(seconds = 0.01): Buffer {
  const samples = Buffer.alloc(Math.round(8000 * seconds), 128)
  const format = Buffer.concat([
    bytes('fmt '),
    uint32(16),
    bytes('\x01\0\x01\0'),
    uint32(8000, 8000),
    bytes('\x01\0\x08\0'),
  ])
  const body = Buffer.concat([bytes('WAVE'), format, bytes('data'), uint32(samples.length), samples])
  return Buffer.concat([bytes('RIFF'), uint32(body.length), body])
}
export const ogg = () =>
  Buffer.concat([bytes('OggS\0\x02'), Buffer.alloc(20), bytes('\x01\x1e\x01vorbis'), Buffer.alloc(23)])
export const mp3 = () => Buffer.concat([bytes('ID3\x03\0\0\0\0\0\0\xff\xfb\x90\x64'), Buffer.alloc(64)])
export const pdf = () =>
  bytes('%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n')

/** Returns a zip with uncompressed entries. */
export function zip(entries: Readonly<Record<string, string>> = { 'chair.txt': 'A chair.' }): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(entries)) {
    const content = Buffer.from(text)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt32LE(crc32(content), 10)
    fields.writeUInt32LE(content.length, 14)
    fields.writeUInt32LE(content.length, 18)
    fields.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([bytes('PK\x03\x04'), fields, Buffer.from(name), content])
    directory.push(bytes('PK\x01\x02\x14\0'), fields, Buffer.alloc(10), uint32(offset), Buffer.from(name))
    locals.push(local)
    offset += local.length
  }
  const end = Buffer.alloc(18)
  end.writeUInt16LE(locals.length, 4)
  end.writeUInt16LE(locals.length, 6)
  end.writeUInt32LE(Buffer.concat(directory).length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...locals, ...directory, bytes('PK\x05\x06'), end])
}

const OFFICE_TYPES = (part: string, type: string) =>
  `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="${part}" ContentType="application/vnd.openxmlformats-officedocument.${type}.main+xml"/></Types>`
export const docx = () =>
  zip({
    '[Content_Types].xml': OFFICE_TYPES('/word/document.xml', 'wordprocessingml.document'),
    'word/document.xml': '<w:document/>',
  })
export const odt = () =>
  zip({ mimetype: 'application/vnd.oasis.opendocument.text', 'content.xml': '<office/>' })
export const usdz = () => zip({ 'chair.usda': '#usda 1.0\n' })
export const threeMf = () => zip({ '[Content_Types].xml': '<Types/>', '3D/3dmodel.model': '<model/>' })

/**
 * Returns an animation of random pixels, which takes long to decode and encode. Each LZW code has 8 bits, because the
 * code table is cleared before it needs longer codes.
 */
export function noisyGif({ width = 1000, height = 1000, frames = 39 } = {}): Buffer {
  const RUN = 100
  const size = Buffer.from(new Uint16Array([width, height]).buffer)
  const parts = [bytes('GIF89a'), size, Buffer.from([0xf6, 0, 0]), randomBytes(3 * 128)]
  for (let frame = 0; frame < frames; frame++) {
    const pixels = randomBytes(width * height).map((value) => value & 0x7f)
    const runs: Buffer[] = []
    for (let at = 0; at < pixels.length; at += RUN)
      runs.push(Buffer.from([0x80]), Buffer.from(pixels.subarray(at, at + RUN)))
    const codes = Buffer.concat([...runs, Buffer.from([0x81])])
    parts.push(bytes('\x21\xf9\x04\0\x0a\0\0\0\x2c\0\0\0\0'), size, bytes('\0\x07'))
    for (let at = 0; at < codes.length; at += 255) {
      const block = codes.subarray(at, at + 255)
      parts.push(Buffer.from([block.length]), block)
    }
    parts.push(bytes('\0'))
  }
  return Buffer.concat([...parts, bytes(';')])
}

/** Returns so many files of different content. */
export const filesOf = (count: number, kind = 'part'): Record<string, Buffer> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`${kind}-${n}.bin`, Buffer.from(`${kind} ${n}`)]),
  )

/** Returns a small PNG with a header that announces a large size. */
export function announcedPng(width: number, height: number, interlaced = false): Buffer {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
    'base64',
  )
  png.writeUInt32BE(width, 16)
  png.writeUInt32BE(height, 20)
  png.writeUInt8(interlaced ? 1 : 0, 28)
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29)
  return png
}
