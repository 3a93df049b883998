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

/** Media types that the package file-type returns, and the registered or more common media types to use instead. */
const COMMON_NAMES: Readonly<Record<string, string>> = {
  'application/x.autodesk.fbx': 'application/vnd.autodesk.fbx',
  'application/x-rar-compressed': 'application/vnd.rar',
  'audio/x-m4a': 'audio/mp4',
  'image/mj2': 'video/mj2',
}

/** Formats that file-type detects from two to six bytes only, and a check that confirms them. */
const CONFIRMED_BY: Readonly<Record<string, (file: Candidate) => boolean>> = {
  'image/bmp': ({ head }) =>
    head.length >= 18 && [12, 40, 52, 56, 64, 108, 124].includes(head.readUInt32LE(14)),
  'image/x-icon': ({ head, size }) => head.length >= 22 && isIconEntry(head.subarray(6, 22), size),
  'model/stl': () => false, // `bySignature` and `byStructure` detect STL; this file only begins with "solid"
  'audio/aiff': ({ head }) => /^AIF[FC]$/.test(head.toString('latin1', 8, 12)),
}

/**
 * Detects the media type of a file from its first bytes. A signature decides first. For text and containers the
 * extension decides if the bytes confirm it. The client's Content-Type is ignored.
 *
 * @param name the name of the file; only its extension is used
 * @param head the first 4 kB, or the whole file when it is smaller
 * @param size size of the whole file in bytes
 */
export async function detectContent(name: string, head: Buffer, size: number): Promise<DetectedContent> {
  const file = candidate(name, head, size)
  const own = bySignature(file)
  if (own) return own
  // file-type must not read text: it takes a text that begins with "BM" for a bitmap
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

/** Returns whether an icon directory entry has its reserved zero byte and an image within the file. */
function isIconEntry(entry: Buffer, size: number): boolean {
  const bytes = entry.readUInt32LE(8)
  const offset = entry.readUInt32LE(12)
  return entry[3] === 0 && bytes > 0 && offset >= 22 && offset + bytes <= size
}

const LOCAL_HEADER = Buffer.from('PK\x03\x04', 'latin1')

/** Names of zip entries that confirm the extension of the archive. */
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

/** Formats inside a container that only the extension tells apart. */
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

/** Returns the format inside a container, when the extension names one and the bytes do not contradict it. */
function contents(container: string, { extension, head }: Candidate): DetectedContent | undefined {
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

/** Returns the names in the local file headers (APPNOTE 4.3.7) within the head. */
function entryNames(head: Buffer): string[] {
  const names: string[] = []
  for (let at = head.indexOf(LOCAL_HEADER); at >= 0 && at + 30 <= head.length; ) {
    names.push(head.toString('latin1', at + 30, at + 30 + head.readUInt16LE(at + 26)))
    at = head.indexOf(LOCAL_HEADER, at + 30)
  }
  return names
}
