import { fileTypeFromBuffer } from 'file-type'
import { type Candidate, candidate, type Identity, UNREGISTERED } from './candidate.ts'
import { contents } from './container.ts'
import { byRootElement } from './markup.ts'
import { mediaOf } from './media-of.ts'
import { bySignature } from './signatures.ts'
import { byStructure } from './structure.ts'
import { byExtension } from './text-format.ts'

/** file-type's names for what has a registered or a more common one. */
const COMMON_NAMES: Readonly<Record<string, string>> = {
  'application/x.autodesk.fbx': 'application/vnd.autodesk.fbx',
  'application/x-rar-compressed': 'application/vnd.rar',
  'audio/x-m4a': 'audio/mp4',
  'image/mj2': 'video/mj2',
}

/** What file-type takes for a format on the strength of two to six bytes, and what else must then be true. */
const CONFIRMED_BY: Readonly<Record<string, (file: Candidate) => boolean>> = {
  'image/bmp': ({ head }) =>
    head.length >= 18 && [12, 40, 52, 56, 64, 108, 124].includes(head.readUInt32LE(14)),
  'image/x-icon': ({ head, size }) => head.length >= 22 && isIconEntry(head.subarray(6, 22), size),
  'model/stl': () => false, // STL has been tried: what is left begins with "solid" and no more
  'audio/aiff': ({ head }) => /^AIF[FC]$/.test(head.toString('latin1', 8, 12)),
}

/**
 * Tells a file by its content: its own signature first, then, for text and for containers, the extension as
 * far as the bytes bear it out. A client's Content-Type has no say.
 *
 * @param name the file's name, of which only the extension is read
 * @param head the first bytes, 4 kB or all there are
 * @param size bytes of the whole file
 */
export async function identify(name: string, head: Buffer, size: number): Promise<Identity> {
  const file = candidate(name, head, size)
  const own = bySignature(file)
  if (own) return own
  // Text must never reach file-type: to it a letter that begins with "BM" is a bitmap.
  if (file.text?.certain) return byRootElement(file) ?? byExtension(file) ?? unknown()
  return (
    byStructure(file) ??
    (await byFileType(file)) ??
    (file.text ? (byRootElement(file) ?? byExtension(file)) : undefined) ??
    unknown()
  )
}

const unknown = (): Identity => ({ mediaType: UNREGISTERED, media: 'other' })

async function byFileType(file: Candidate): Promise<Identity | undefined> {
  const found = await fileTypeFromBuffer(file.head)
  if (!found) return undefined
  const told = found.mime.replace(/;.*/, '')
  if (Object.hasOwn(CONFIRMED_BY, told) && !CONFIRMED_BY[told]?.(file)) return undefined
  const mediaType = COMMON_NAMES[told] ?? told
  return contents(mediaType, file) ?? { mediaType, media: mediaOf(mediaType) }
}

/** An icon directory entry: a reserved zero byte, and an image that lies within the file. */
function isIconEntry(entry: Buffer, size: number): boolean {
  const bytes = entry.readUInt32LE(8)
  const offset = entry.readUInt32LE(12)
  return entry[3] === 0 && bytes > 0 && offset >= 22 && offset + bytes <= size
}
