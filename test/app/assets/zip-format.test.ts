import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { expect } from 'chai'
import fc from 'fast-check'
import { type Entry, fromRandomAccessReader, RandomAccessReader, type ZipFile } from 'yauzl'
import { openZip, type Zip, zipOf } from '../../../app/assets/zip.ts'
import { centralDirectory, layOut, localHeader } from '../../../app/assets/zip-format.ts'
import type { ByteRange, ObjectStore } from '../../../app/storage/object-store.ts'
import { unzip } from '../../support/data/zip.ts'

const TIME = new Date('2026-11-30T13:45:58.900Z')
const GIB = 1024 ** 3

/** A store whose objects are buffers, or as many zeros as a number says. Records which objects are read. */
function memoryStore(objects: Record<string, Buffer | number>) {
  const read: string[] = []
  const open = async (key: string, range?: ByteRange) => {
    read.push(key)
    const object = objects[key] ?? Buffer.alloc(0)
    const size = Buffer.isBuffer(object) ? object.length : object
    const { start, end } = range ?? { start: 0, end: size - 1 }
    const last = Math.min(end, size - 1)
    const bytes = Buffer.isBuffer(object) ? object.subarray(start, last + 1) : Buffer.alloc(last + 1 - start)
    return Readable.from([bytes], { objectMode: false })
  }
  return { read, store: { open } as unknown as ObjectStore }
}

const fileOf = ([name, content]: [string, Buffer | number]) => ({
  id: name,
  key: name,
  name,
  mediaType: 'text/plain',
  media: 'document' as const,
  size: Buffer.isBuffer(content) ? content.length : content,
  sha256: name,
})

function prepare(objects: Record<string, Buffer | number>) {
  const zip = zipOf(Object.entries(objects).map(fileOf), TIME)
  const sums = Object.entries(objects).map(
    ([key, content]) => [key, Buffer.isBuffer(content) ? crc32(content) : 0] as const,
  )
  const { store, read } = memoryStore(objects)
  const open = (range?: ByteRange) => openZip(store, zip, new Map(sums), range)
  return { zip, read, open }
}

/** Reads the entries of a zip by ranges, without reading the files. */
async function entriesOf({ size }: Zip, open: (range: ByteRange) => Promise<Readable>): Promise<Entry[]> {
  class Reader extends RandomAccessReader {
    override _readStreamForRange(start: number, end: number): Readable {
      return Readable.from(
        (async function* () {
          yield* await open({ start, end: end - 1 })
        })(),
        { objectMode: false },
      )
    }
  }
  const from = promisify<RandomAccessReader, number, { lazyEntries: boolean }, ZipFile>(
    fromRandomAccessReader,
  )
  const file = await from(new Reader(), size, { lazyEntries: false })
  const entries: Entry[] = []
  file.on('entry', (entry: Entry) => entries.push(entry))
  await new Promise((resolve, reject) => file.once('end', resolve).once('error', reject))
  return entries
}

describe('zip', () => {
  it('openZip – files, one empty, names in many scripts → the same files, exact length', async () => {
    const objects = {
      'a.txt': Buffer.from('chair'),
      'стул 🪑.bin': randomBytes(70_000),
      empty: Buffer.alloc(0),
    }
    const { zip, open } = prepare(objects)
    const bytes = await buffer(await open())
    expect(bytes.length).to.equal(zip.size)
    expect(await unzip(bytes)).to.deep.equal(new Map(Object.entries(objects)))
  })

  it('openZip – local header → complete, without a data descriptor', async () => {
    const { open } = prepare({ 'a.txt': Buffer.from('chair') })
    const header = (await buffer(await open())).subarray(0, 35)
    expect(header.readUInt32LE(0)).to.equal(0x04034b50)
    const fields = [4, 6, 8, 10, 12, 26, 28].map((at) => header.readUInt16LE(at))
    // version, UTF-8 and no descriptor, stored, 13:45:58, 2026-11-30, length of the name, no extra field
    expect(fields).to.deep.equal([
      10,
      0x800,
      0,
      (13 << 11) | (45 << 5) | 29,
      (46 << 9) | (11 << 5) | 30,
      5,
      0,
    ])
    expect([14, 18, 22].map((at) => header.readUInt32LE(at))).to.deep.equal([crc32('chair'), 5, 5])
    expect(header.subarray(30).toString()).to.equal('a.txt')
  })

  it('openZip – any range → the bytes of the whole zip there, only from the objects of the range', async () => {
    const objects = { a: randomBytes(40), b: Buffer.alloc(0), 'c-ü': randomBytes(3), d: randomBytes(60) }
    const { zip, open, read } = prepare(objects)
    const whole = await buffer(await open())
    const position = fc.nat(zip.size - 1)
    await fc.assert(
      fc.asyncProperty(position, position, async (one, other) => {
        const [start, end] = [Math.min(one, other), Math.max(one, other)]
        read.length = 0
        const bytes = await buffer(await open({ start, end }))
        expect(bytes.equals(whole.subarray(start, end + 1))).to.equal(true)
        const touched = zip.layout.entries.filter(
          ({ dataOffset, size }) => size > 0 && dataOffset <= end && dataOffset + size > start,
        )
        expect(read).to.deep.equal(touched.map(({ key }) => key))
      }),
    )
  })

  for (const [what, sizes] of [
    ['a file of 4 GB less 2 bytes', [2 ** 32 - 2, 5]],
    ['a file of 4 GB less 1 byte', [2 ** 32 - 1, 5]],
    ['a file of 5 GiB', [5 * GIB, 5]],
    ['files of 5 GiB together', [3 * GIB, 2 * GIB, 5]],
    ['a directory at 4 GB less 1 byte', [2 ** 32 - 1 - 31]],
    ['a directory at 4 GB less 2 bytes', [2 ** 32 - 2 - 31]],
    ['files of 9 TB', [9e12, 7]],
  ] as const)
    it(`openZip – ${what} → read by ranges, sizes and last bytes right`, async () => {
      const objects = Object.fromEntries(sizes.map((size, n) => [`${n}`, size]))
      const { zip, open } = prepare(objects)
      const entries = await entriesOf(zip, open)
      expect(entries.map(({ uncompressedSize }) => uncompressedSize)).to.deep.equal([...sizes])
      expect(entries.map((entry) => entry.relativeOffsetOfLocalHeader)).to.deep.equal(
        zip.layout.entries.map(({ offset }) => offset),
      )
      for (const { dataOffset, offset, size } of zip.layout.entries) {
        const header = await buffer(await open({ start: offset, end: dataOffset - 1 }))
        const hasZip64 = size >= 2 ** 32 - 1
        expect(header.readUInt16LE(4)).to.equal(hasZip64 ? 45 : 10)
        expect(header.readUInt16LE(28)).to.equal(hasZip64 ? 20 : 0)
        expect(header.readUInt32LE(18)).to.equal(hasZip64 ? 2 ** 32 - 1 : size)
        if (hasZip64)
          expect([-16, -8].map((at) => Number(header.readBigUInt64LE(header.length + at)))).to.deep.equal([
            size,
            size,
          ])
      }
      const end = await buffer(await open({ start: zip.size - 100, end: zip.size - 1 }))
      const isZip64 = zip.layout.directoryOffset >= 2 ** 32 - 1
      expect(end.includes(Buffer.from('PK\x06\x06'))).to.equal(isZip64)
    })

  it('layOut – 70,000 files → zip64 end records with their number', () => {
    const { entries, directoryOffset, size } = layOut(
      Array.from({ length: 70_000 }, (_, n) => ({ name: String(n), size: 0, crc32: 0 })),
    )
    const directory = centralDirectory(entries, directoryOffset, TIME)
    expect(directoryOffset + directory.length).to.equal(size)
    expect(directory.readUInt16LE(directory.length - 22 + 10)).to.equal(0xffff)
    expect(directory.readBigUInt64LE(directory.length - 22 - 20 - 56 + 32)).to.equal(70_000n)
  })

  it('localHeader – times before 1980 and after 2107 → the first and the last time of the format', () => {
    const timeAt = (year: string) => {
      const header = localHeader({ name: 'a', size: 0, crc32: 0 }, new Date(`${year}-06-01T00:00:00Z`))
      return [header.readUInt16LE(10), header.readUInt16LE(12)]
    }
    expect(timeAt('1970')).to.deep.equal([0, (1 << 5) | 1])
    expect(timeAt('2200')).to.deep.equal([(23 << 11) | (59 << 5) | 29, (127 << 9) | (12 << 5) | 31])
  })

  for (const [what, recorded, range] of [
    ['shorter', 40, undefined],
    ['longer', 20, undefined],
    ['shorter, from its middle', 40, { start: 50, end: 80 }],
  ] as const)
    it(`openZip – object is ${what} → the stream fails, no byte too many`, async () => {
      const zip = zipOf([fileOf(['a', recorded]), fileOf(['b', 1])], TIME)
      const { store } = memoryStore({ a: randomBytes(30), b: randomBytes(1) })
      const sums = new Map([
        ['a', 0],
        ['b', 0],
      ])
      const stream = await openZip(store, zip, sums, range)
      let received = 0
      stream.on('data', (chunk: Buffer) => {
        received += chunk.length
      })
      const error = await new Promise<Error>((resolve) => stream.once('error', resolve))
      expect(error.message).to.match(/object a is (?:shorter|longer)/)
      expect(received).to.be.below(31 + recorded)
    })

  it('zipOf – other name, size, content or time → another digest', () => {
    const digestOf = (file: object, time = TIME) =>
      zipOf([{ ...fileOf(['a', 1]), ...file }, fileOf(['b', 1])], time).digest
    const digests = [{}, { name: 'A' }, { size: 2 }, { sha256: 'other' }].map((file) => digestOf(file))
    expect(new Set([...digests, digestOf({}, new Date(0))]).size).to.equal(5)
    expect(digestOf({ id: 'other', key: 'other' })).to.equal(digests[0])
  })
})
