/**
 * The zip format (PKWARE APPNOTE.TXT 6.3.10) for files that are stored without compression. Each local header has the
 * CRC-32 and the sizes of its file, so no data descriptors follow the files, and programs that read a zip from a stream
 * can read it. The offset of each byte follows from the names and the sizes of the files.
 */

/** A file to put into a zip. */
interface ZipEntry {
  /** At most 65,535 bytes of UTF-8. */
  name: string
  /** In bytes. */
  size: number
}

/** A file and its place in a zip. */
type PlacedEntry<E extends ZipEntry> = E & {
  /** The offset of its local header. */
  offset: number
  /** The offset of its first byte. */
  dataOffset: number
}

export interface ZipLayout<E extends ZipEntry> {
  entries: PlacedEntry<E>[]
  /** The offset of the central directory. It ends with the zip. */
  directoryOffset: number
  /** In bytes. */
  size: number
}

type Measured = ZipEntry & { crc32: number }
type Field = readonly [bytes: 2 | 4 | 8, value: number]

/** Values from these on are in a zip64 field instead (§4.4.1.4). */
const MAX_16 = 0xffff
const MAX_32 = 0xffff_ffff

const LOCAL_HEADER_BYTES = 30
const CENTRAL_HEADER_BYTES = 46
const END_BYTES = 22
const ZIP64_END_BYTES = 56
const ZIP64_LOCATOR_BYTES = 20

/** Version 1.0, or 4.5 with zip64 fields (§4.4.3.2). */
const VERSION = 10
const ZIP64_VERSION = 45
/** Made on Unix (§4.4.2), so that the external attributes are the mode of a file. */
const MADE_BY = (3 << 8) | ZIP64_VERSION
/** A regular file that its owner can write and everybody can read. */
const MODE = 0o100644
/** The name is UTF-8 (§4.4.4, bit 11). */
const UTF8_NAME = 1 << 11
const STORED = 0

/** Returns the places of files in a zip, in their order. */
export function layOut<E extends ZipEntry>(files: readonly E[]): ZipLayout<E> {
  let offset = 0
  const entries = files.map((file): PlacedEntry<E> => {
    const dataOffset = offset + LOCAL_HEADER_BYTES + Buffer.byteLength(file.name) + localExtra(file).length
    const placed = { ...file, offset, dataOffset }
    offset = dataOffset + file.size
    return placed
  })
  const headers = entries.map(
    (entry) => CENTRAL_HEADER_BYTES + Buffer.byteLength(entry.name) + centralExtra(entry).length,
  )
  const directory = { offset, size: headers.reduce((sum, bytes) => sum + bytes, 0), count: entries.length }
  const zip64 = needsZip64(directory) ? ZIP64_END_BYTES + ZIP64_LOCATOR_BYTES : 0
  return { entries, directoryOffset: offset, size: offset + directory.size + zip64 + END_BYTES }
}

/** Returns the header before the bytes of a file (§4.3.7). */
export function localHeader(entry: Measured, modifiedAt: Date): Buffer {
  const name = Buffer.from(entry.name)
  const extra = localExtra(entry)
  const header = record(
    [4, 0x04034b50],
    [2, versionFor(extra)],
    ...described(entry, modifiedAt),
    [2, name.length],
    [2, extra.length],
  )
  return Buffer.concat([header, name, extra])
}

/** Returns the end of a zip: the central directory (§4.3.12) and its end records (§4.3.14 to §4.3.16). */
export function centralDirectory(
  entries: readonly PlacedEntry<Measured>[],
  offset: number,
  modifiedAt: Date,
): Buffer {
  const headers = entries.flatMap((entry) => centralHeader(entry, modifiedAt))
  const size = headers.reduce((sum, { length }) => sum + length, 0)
  return Buffer.concat([...headers, ...endRecords({ offset, size, count: entries.length })])
}

function centralHeader(entry: PlacedEntry<Measured>, modifiedAt: Date): Buffer[] {
  const name = Buffer.from(entry.name)
  const extra = centralExtra(entry)
  const header = record(
    [4, 0x02014b50],
    [2, MADE_BY],
    [2, versionFor(extra)],
    ...described(entry, modifiedAt),
    [2, name.length],
    [2, extra.length],
    // no comment, disk 0, no internal attributes
    ...zeros(3),
    [4, MODE * 0x1_0000],
    [4, Math.min(entry.offset, MAX_32)],
  )
  return [header, name, extra]
}

/** The fields that a local and a central header share. */
const described = ({ crc32, size }: Measured, modifiedAt: Date): Field[] => [
  [2, UTF8_NAME],
  [2, STORED],
  ...dosTime(modifiedAt),
  [4, crc32],
  [4, Math.min(size, MAX_32)],
  [4, Math.min(size, MAX_32)],
]

/** Returns the zip64 extra field of a local header, which always has both sizes (§4.5.3). Empty for smaller files. */
const localExtra = ({ size }: ZipEntry): Buffer => zip64Extra(size < MAX_32 ? [] : [size, size])

/** Returns the zip64 extra field of a central header: only the values that do not fit there (§4.5.3). */
const centralExtra = ({ size, offset }: PlacedEntry<ZipEntry>): Buffer =>
  zip64Extra([size, size, offset].filter((value) => value >= MAX_32))

function zip64Extra(values: number[]): Buffer {
  if (values.length === 0) return Buffer.alloc(0)
  return record([2, 1], [2, 8 * values.length], ...values.map((value): Field => [8, value]))
}

const versionFor = (extra: Buffer) => (extra.length > 0 ? ZIP64_VERSION : VERSION)

interface Directory {
  offset: number
  /** In bytes. */
  size: number
  /** Number of files. */
  count: number
}

const needsZip64 = ({ offset, size, count }: Directory) =>
  offset >= MAX_32 || size >= MAX_32 || count >= MAX_16

function endRecords(directory: Directory): Buffer[] {
  const { offset, size, count } = directory
  const end = record(
    [4, 0x06054b50],
    ...zeros(2),
    [2, Math.min(count, MAX_16)],
    [2, Math.min(count, MAX_16)],
    [4, Math.min(size, MAX_32)],
    [4, Math.min(offset, MAX_32)],
    ...zeros(1),
  )
  if (!needsZip64(directory)) return [end]
  const zip64End = record(
    [4, 0x06064b50],
    // without its first two fields
    [8, ZIP64_END_BYTES - 12],
    [2, MADE_BY],
    [2, ZIP64_VERSION],
    [4, 0],
    [4, 0],
    [8, count],
    [8, count],
    [8, size],
    [8, offset],
  )
  const locator = record([4, 0x07064b50], [4, 0], [8, offset + size], [4, 1])
  return [zip64End, locator, end]
}

const FIRST_DOS_TIME = Date.UTC(1980, 0, 1)
const LAST_DOS_TIME = Date.UTC(2107, 11, 31, 23, 59, 58)

/** Returns the time and the date of a file (§4.4.6), in UTC, because the format has no zone. */
function dosTime(at: Date): Field[] {
  const moment = new Date(Math.min(Math.max(at.getTime(), FIRST_DOS_TIME), LAST_DOS_TIME))
  const time = (moment.getUTCHours() << 11) | (moment.getUTCMinutes() << 5) | (moment.getUTCSeconds() >> 1)
  const date =
    ((moment.getUTCFullYear() - 1980) << 9) | ((moment.getUTCMonth() + 1) << 5) | moment.getUTCDate()
  return [
    [2, time],
    [2, date],
  ]
}

const zeros = (count: number) => Array.from({ length: count }, (): Field => [2, 0])

/** Returns little-endian fields. */
function record(...fields: Field[]): Buffer {
  const bytes = Buffer.alloc(fields.reduce((sum, [length]) => sum + length, 0))
  let at = 0
  for (const [length, value] of fields) {
    if (length === 8) bytes.writeBigUInt64LE(BigInt(value), at)
    else bytes.writeUIntLE(value, at, length)
    at += length
  }
  return bytes
}
