import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { AssetFile } from '../../models/asset-files.ts'
import { byName } from '../../models/name-key.ts'
import { addToStem, cleanFileName } from '../media/file-name.ts'
import { guardStream } from '../storage/guard-stream.ts'
import type { ByteRange, ObjectStore } from '../storage/object-store.ts'
import { centralDirectory, layOut, localHeader, type ZipLayout } from './zip-format.ts'

/** A file with what a zip needs of it. */
type Packed = Pick<AssetFile, 'key' | 'name' | 'size' | 'sha256'>

/** A zip that is created while it is read. Its bytes depend only on its files and its time. */
export interface Zip {
  layout: ZipLayout<Packed>
  /** Time of the files in the zip. */
  modifiedAt: Date
  /** In bytes. */
  size: number
  /** Differs for zips with different bytes. */
  digest: string
}

/** Returns the zip of files in the order of their names. Files are not compressed, because most media are compressed already. */
export function zipOf(received: readonly AssetFile[], modifiedAt: Date): Zip {
  const files = byName(received)
  const names = uniqueNames(files.map(({ name }) => cleanFileName(name)))
  const packed = files.map(({ key, size, sha256 }, at) => ({ key, size, sha256, name: names[at] ?? 'file' }))
  const content = [modifiedAt, ...packed.map(({ name, size, sha256 }) => [name, size, sha256])]
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  const layout = layOut(packed)
  return { layout, modifiedAt, size: layout.size, digest }
}

/**
 * Opens a zip or a range of it. Reads only the objects of the range, each after the one before it. The stream fails when
 * an object cannot be read or has another size than its file.
 *
 * @param checksums the CRC-32 of each file by its key
 * @throws the error of the store for the first object
 */
export async function openZip(
  store: ObjectStore,
  zip: Zip,
  checksums: ReadonlyMap<string, number>,
  range: ByteRange = { start: 0, end: zip.size - 1 },
  signal?: AbortSignal,
): Promise<Readable> {
  const parts = [...partsOf(zip, checksums, range)]
  const first = parts.find(isObject)
  const opened = first && (await openPart(store, first, signal))
  const stream = Readable.from(readParts(store, parts, opened, signal), { objectMode: false })
  stream.once('close', () => opened?.destroy())
  return guardStream(stream, signal)
}

/** A range of the bytes of an object, or of bytes that are created when they are read. */
type Part = ByteRange & ({ key: string; size: number } | { create: () => Buffer })
type ObjectPart = Extract<Part, { key: string }>

const isObject = (part: Part): part is ObjectPart => 'key' in part

/** Yields the parts of a zip that a range touches, each with the range of its own bytes. */
function* partsOf(
  { layout, modifiedAt, size }: Zip,
  checksums: ReadonlyMap<string, number>,
  { start, end }: ByteRange,
): Generator<Part> {
  const measured = layout.entries.map((entry) => {
    const crc32 = checksums.get(entry.key)
    if (crc32 === undefined) throw new TypeError(`the object ${entry.key} has no CRC-32`)
    return { ...entry, crc32 }
  })
  const within = (offset: number, next: number) => ({
    start: Math.max(start, offset) - offset,
    end: Math.min(end, next - 1) - offset,
  })
  for (const entry of measured) {
    const next = entry.dataOffset + entry.size
    if (next <= start || entry.offset > end) continue
    const header = within(entry.offset, entry.dataOffset)
    if (header.start <= header.end) yield { ...header, create: () => localHeader(entry, modifiedAt) }
    const data = within(entry.dataOffset, next)
    if (data.start <= data.end) yield { ...data, key: entry.key, size: entry.size }
  }
  const offset = layout.directoryOffset
  const directory = within(offset, size)
  if (directory.start <= directory.end)
    yield { ...directory, create: () => centralDirectory(measured, offset, modifiedAt) }
}

/** @param opened the first object, which is open already */
async function* readParts(
  store: ObjectStore,
  parts: Part[],
  opened: Readable | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  let next = opened
  for (const part of parts) {
    if (!isObject(part)) yield part.create().subarray(part.start, part.end + 1)
    else yield* checkSize(part, next ?? (await openPart(store, part, signal)))
    if (isObject(part)) next = undefined
  }
}

/** Opens the bytes of a part. A part that ends with its file is read one byte further, to find an object that is longer. */
function openPart(store: ObjectStore, { key, size, start, end }: ObjectPart, signal?: AbortSignal) {
  return store.open(key, { start, end: end === size - 1 ? size : end }, signal)
}

/** Passes the bytes of a part through. Fails when there are more or fewer. */
async function* checkSize({ key, start, end }: ObjectPart, body: Readable): AsyncGenerator<Buffer> {
  let missing = end - start + 1
  for await (const chunk of body) {
    missing -= chunk.length
    if (missing < 0) break
    yield chunk
  }
  if (missing !== 0)
    throw new Error(`the object ${key} is ${missing > 0 ? 'shorter' : 'longer'} than its file`)
}

/** Makes names unique, regardless of case: adds ` (2)`, ` (3)` … before the extension of a repeated name. */
export function uniqueNames(names: string[]): string[] {
  const used = new Set<string>()
  /** The last number that was tried for a name, so that many equal names need few attempts. */
  const counts = new Map<string, number>()
  return names.map((name) => {
    let unique = name
    let count = counts.get(name.toLowerCase()) ?? 1
    for (; used.has(unique.toLowerCase()); unique = addToStem(name, ` (${count})`)) count += 1
    counts.set(name.toLowerCase(), count)
    used.add(unique.toLowerCase())
    return unique
  })
}
