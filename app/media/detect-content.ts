import { fileTypeFromBuffer } from 'file-type'
import { lookup } from 'mime-types'
import {
  type Candidate,
  candidate,
  type DetectedContent,
  document,
  model,
  UNREGISTERED,
} from './candidate.ts'
import { byRootElement } from './markup.ts'
import { mediaOf } from './media-types.ts'
import { bySignature, byStructure } from './signatures.ts'
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
export async function detectContent(name: string, head: Buffer, size: number): Promise<DetectedContent> {
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

const unknown = (): DetectedContent => ({ mediaType: UNREGISTERED, media: 'other' })

async function byFileType(file: Candidate): Promise<DetectedContent | undefined> {
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

const LOCAL_HEADER = Buffer.from('PK\x03\x04', 'latin1')

/** Names of zip entries that prove what the extension says of the whole. */
const OFFICE = /^(?:\[Content_Types\]\.xml|_rels\/|docProps\/|word\/|xl\/|ppt\/|visio\/)/
const ZIP_ENTRIES: Readonly<Record<string, RegExp>> = {
  docx: OFFICE,
  xlsx: OFFICE,
  pptx: OFFICE,
  '3mf': /^(?:\[Content_Types\]\.xml|_rels\/|3D\/|Metadata\/)/,
  usdz: /\.usd[ac]?$/i,
  jar: /^META-INF\//,
  apk: /^(?:AndroidManifest\.xml|META-INF\/|classes\.dex)/,
}

/** What is kept inside a container that has no other mark to tell it by. */
const CONTENTS: Readonly<Record<string, Readonly<Record<string, DetectedContent>>>> = {
  'application/x-cfb': {
    doc: document('application/msword'),
    xls: document('application/vnd.ms-excel'),
    ppt: document('application/vnd.ms-powerpoint'),
    msg: document('application/vnd.ms-outlook'),
    max: model(UNREGISTERED),
  },
  'application/gzip': { blend: model('application/x-blender') },
  'application/zstd': { blend: model('application/x-blender') },
}

/** Tells what a container holds, where the extension says it and the bytes do not speak against it. */
export function contents(container: string, { extension, head }: Candidate): DetectedContent | undefined {
  if (container === 'application/zip') return zipContents(extension, head)
  const known = CONTENTS[container]
  return known !== undefined && Object.hasOwn(known, extension) ? known[extension] : undefined
}

function zipContents(extension: string, head: Buffer): DetectedContent | undefined {
  const entry = Object.hasOwn(ZIP_ENTRIES, extension) ? ZIP_ENTRIES[extension] : undefined
  const mediaType = lookup(extension)
  if (entry === undefined || mediaType === false) return undefined
  return entryNames(head).some((name) => entry.test(name))
    ? { mediaType, media: mediaOf(mediaType) }
    : undefined
}

/** The names in the local file headers (APPNOTE 4.3.7) that lie within the head. */
function entryNames(head: Buffer): string[] {
  const names: string[] = []
  for (let at = head.indexOf(LOCAL_HEADER); at >= 0 && at + 30 <= head.length; ) {
    names.push(head.toString('latin1', at + 30, at + 30 + head.readUInt16LE(at + 26)))
    at = head.indexOf(LOCAL_HEADER, at + 30)
  }
  return names
}
