import { lookup } from 'mime-types'
import { type Candidate, document, type Identity, model, UNREGISTERED } from './candidate.ts'
import { mediaOf } from './media-of.ts'

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
const CONTENTS: Readonly<Record<string, Readonly<Record<string, Identity>>>> = {
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
export function contents(container: string, { extension, head }: Candidate): Identity | undefined {
  if (container === 'application/zip') return zipContents(extension, head)
  const known = CONTENTS[container]
  return known !== undefined && Object.hasOwn(known, extension) ? known[extension] : undefined
}

function zipContents(extension: string, head: Buffer): Identity | undefined {
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
