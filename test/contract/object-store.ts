import { randomBytes, randomUUID } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import { AppError } from '../../app/errors.ts'
import { MARK, ObjectMissing, type ObjectStore } from '../../app/storage/object-store.ts'
import { eventually } from '../support/eventually.ts'
import { keysIn, rejection } from '../support/s3/object-stores.ts'
import { describeEngine } from './object-store-engine.ts'

interface StoreFixture {
  store: ObjectStore
  /** A store of the same kind that cannot be reached: a closed port, a disk that is not mounted. */
  unreachable: ObjectStore
  /** Returns the number of unfinished objects under a prefix, determined without the store. */
  unfinished(prefix: string): Promise<number>
  close(): Promise<void>
}

/** The store of a test and the prefix that only this test uses. */
export interface Place extends StoreFixture {
  prefix: string
}

/** Asserts that there is no object and no unfinished object under the prefix. */
export async function expectNothing({ store, prefix, unfinished }: Place): Promise<void> {
  expect(await keysIn(store, prefix), 'objects').to.deep.equal([])
  expect(await unfinished(prefix), 'unfinished objects').to.equal(0)
}

const MB = 1024 * 1024
const large = randomBytes(12 * MB)
const small = Buffer.from('0123456789')

async function* inChunks(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function* thenFail(bytes: Buffer, error: Error) {
  yield* inChunks(bytes, 64 * 1024)
  throw error
}

/** Returns a stream that sends some bytes, never ends, and aborts when they have been read. */
function thenAbort(bytes: Buffer, abort: AbortController): Readable {
  const stream = new PassThrough()
  stream.write(bytes, () => abort.abort())
  return stream
}

function describeWriting(place: Place): void {
  const read = async (key: string) => buffer(await place.store.open(key))

  for (const [what, bytes] of Object.entries({
    empty: Buffer.alloc(0),
    small,
    large,
  })) {
    it(`put – ${what} buffer → stored`, async () => {
      const key = `${place.prefix}object`
      expect(await place.store.put(key, bytes)).to.deep.equal({ size: bytes.length })
      expect((await read(key)).equals(bytes)).to.equal(true)
      expect(await place.unfinished(place.prefix), 'unfinished').to.equal(0)
    })

    it(`put – ${what} stream of unknown length → stored`, async () => {
      const key = `${place.prefix}object`
      const stream = Readable.from(inChunks(bytes, 100_000), { objectMode: false })
      expect(await place.store.put(key, stream)).to.deep.equal({ size: bytes.length })
      expect((await read(key)).equals(bytes)).to.equal(true)
      expect(await place.unfinished(place.prefix), 'unfinished').to.equal(0)
    })

    it(`put – ${what} stream that fails → rejects with its error, nothing is left`, async () => {
      const reason = new Error('the source broke')
      const stream = Readable.from(thenFail(bytes, reason), { objectMode: false })
      expect(await rejection(place.store.put(`${place.prefix}object`, stream))).to.equal(reason)
      await expectNothing(place)
    })

    it(`put – ${what} stream, aborted → AbortError, nothing is left`, async () => {
      const abort = new AbortController()
      const stream = thenAbort(bytes, abort)
      const error = await rejection(
        place.store.put(`${place.prefix}object`, stream, { signal: abort.signal }),
      )
      expect(error.name).to.equal('AbortError')
      expect(stream.destroyed).to.equal(true)
      await expectNothing(place)
    })
  }

  it('put – signal aborted before the call → AbortError, nothing is stored', async () => {
    const options = { signal: AbortSignal.abort() }
    const error = await rejection(place.store.put(`${place.prefix}object`, large, options))
    expect(error.name).to.equal('AbortError')
    await expectNothing(place)
  })

  it('put – stream already destroyed → rejects, nothing is stored', async () => {
    const stream = Readable.from([small])
    stream.destroy()
    await rejection(place.store.put(`${place.prefix}object`, stream))
    await expectNothing(place)
  })

  for (const key of [
    '',
    '/',
    'a/../b',
    '../a',
    '/etc/passwd',
    'a//b',
    'a/',
    'a.b',
    'a b',
    'a\0b',
    `a/${'b'.repeat(300)}`,
  ]) {
    it(`put, open, remove – invalid key ${JSON.stringify(key.slice(0, 20))} → TypeError`, async () => {
      expect(await rejection(place.store.put(key, small))).to.be.instanceOf(TypeError)
      expect(await rejection(place.store.open(key))).to.be.instanceOf(TypeError)
      expect(await rejection(place.store.remove([key]))).to.be.instanceOf(TypeError)
    })
  }
}

function describeReading(place: Place): void {
  const ranges: [number, number, string][] = [
    [0, 9, '0123456789'],
    [0, 0, '0'],
    [3, 5, '345'],
    [9, 9, '9'],
    [8, 100, '89'],
  ]
  for (const [start, end, expected] of ranges) {
    it(`open – bytes ${start} to ${end} → ${expected}`, async () => {
      await place.store.put(`${place.prefix}object`, small)
      const stream = await place.store.open(`${place.prefix}object`, { start, end })
      expect((await buffer(stream)).toString()).to.equal(expected)
    })
  }

  it('open – range starts after the last byte → RangeError', async () => {
    await place.store.put(`${place.prefix}object`, small)
    const error = await rejection(place.store.open(`${place.prefix}object`, { start: 10, end: 12 }))
    expect(error).to.be.instanceOf(RangeError)
  })

  it('open – range across the parts of a large object → the right bytes', async () => {
    await place.store.put(`${place.prefix}object`, large)
    const [start, end] = [5 * MB - 10, 10 * MB + 10]
    const bytes = await buffer(await place.store.open(`${place.prefix}object`, { start, end }))
    expect(bytes.equals(large.subarray(start, end + 1))).to.equal(true)
  })

  it('open – no such object, with or without range → ObjectMissing with the key', async () => {
    for (const range of [undefined, { start: 0, end: 1 }]) {
      const error = await rejection(place.store.open(`${place.prefix}absent`, range))
      expect(error).to.be.instanceOf(ObjectMissing)
      expect(error).to.have.property('key', `${place.prefix}absent`)
    }
  })

  it('open – aborted during the download → AbortError', async () => {
    await place.store.put(`${place.prefix}object`, large)
    const abort = new AbortController()
    const stream = await place.store.open(`${place.prefix}object`, undefined, abort.signal)
    const reading = buffer(stream)
    abort.abort()
    expect((await rejection(reading)).name).to.equal('AbortError')
  })

  it('open – signal aborted before the call → AbortError', async () => {
    await place.store.put(`${place.prefix}object`, small)
    const error = await rejection(place.store.open(`${place.prefix}object`, undefined, AbortSignal.abort()))
    expect(error.name).to.equal('AbortError')
  })
}

function describeListing(place: Place): void {
  it('list – 100 objects → all with size and time, only of the prefix', async () => {
    const since = Date.now() - 60_000
    const keys = Array.from({ length: 100 }, (_, n) => `${place.prefix}many/${String(n).padStart(3, '0')}`)
    for (let at = 0; at < 100; at += 10) {
      await Promise.all(keys.slice(at, at + 10).map((key, n) => place.store.put(key, small.subarray(0, n))))
    }
    await place.store.put(`${place.prefix}many-more`, small)
    for await (const { key, size, modifiedAt } of place.store.list(`${place.prefix}many/`)) {
      expect(size, key).to.equal(Number(key.at(-1)))
      expect(modifiedAt.getTime(), key).to.be.within(since, Date.now() + 60_000)
    }
    expect(await keysIn(place.store, `${place.prefix}many/`)).to.deep.equal(keys)
    expect(await keysIn(place.store, `${place.prefix}many/01`)).to.deep.equal(keys.slice(10, 20))
    expect(await keysIn(place.store, `${place.prefix}many`)).to.have.length(101)
    await place.store.remove([...keys, `${place.prefix}absent`])
    expect(await keysIn(place.store, place.prefix)).to.deep.equal([`${place.prefix}many-more`])
  })

  it('remove – present, absent and no keys → removed, no error', async () => {
    await place.store.put(`${place.prefix}one`, small)
    await place.store.remove([`${place.prefix}one`])
    await place.store.remove([`${place.prefix}one`])
    await place.store.remove([])
    await expectNothing(place)
  })

  it('abortUnfinished – prefix and time → only matching uploads are aborted', async () => {
    const source = new PassThrough()
    const writing = rejection(place.store.put(`${place.prefix}slow`, source))
    source.write(large)
    await eventually(async () => expect(await place.unfinished(place.prefix)).to.equal(1))
    const unfinished = []
    for await (const one of place.store.listUnfinished(place.prefix)) unfinished.push(one)
    expect(unfinished).to.have.length(1)
    expect(unfinished[0]?.key).to.match(new RegExp(`^${place.prefix}`))
    expect(Math.abs(Date.now() - Number(unfinished[0]?.begunAt))).to.be.lessThan(60_000)
    expect(await place.store.abortUnfinished(`${place.prefix}other`)).to.equal(0)
    expect(await place.store.abortUnfinished(place.prefix, new Date(Date.now() - 60_000))).to.equal(0)
    expect(await place.unfinished(place.prefix)).to.equal(1)
    expect(await place.store.abortUnfinished(place.prefix, new Date(Date.now() + 60_000))).to.equal(1)
    expect(await place.unfinished(place.prefix)).to.equal(0)
    source.end()
    expect(await writing).to.include({ status: 503, code: 'unavailable' })
    await expectNothing(place)
  })

  it('check – store reachable → resolves', async () => {
    await place.store.check()
  })
}

/** A store has one mark, so these tests depend on their order. */
function describeMark(place: Place): void {
  it('writeMark – ten first writers at once → every writer reads the same mark', async () => {
    expect(await place.store.readMark()).to.equal(null)
    const written = Array.from({ length: 10 }, () => randomUUID())
    const seen = await Promise.all(
      written.map(async (content) => {
        await place.store.writeMark(content, { replace: false })
        return place.store.readMark()
      }),
    )
    expect(new Set(seen).size).to.equal(1)
    expect(written).to.include(seen[0])
  })

  it('writeMark – mark exists → kept unless `replace` is set, never listed', async () => {
    const first = await place.store.readMark()
    await place.store.writeMark('another', { replace: false })
    expect(await place.store.readMark()).to.equal(first)
    await place.store.writeMark('taken', { replace: true })
    expect(await place.store.readMark()).to.equal('taken')
    expect(await keysIn(place.store, '')).to.not.include(MARK)
    expect(await rejection(place.store.remove([MARK]))).to.be.instanceOf(TypeError)
  })

  it('readMark – empty mark → empty string', async () => {
    await place.store.writeMark('', { replace: true })
    expect(await place.store.readMark()).to.equal('')
  })
}

function describeOutage(place: Place): void {
  const calls: Record<string, (store: ObjectStore, key: string) => Promise<unknown>> = {
    check: (store) => store.check(),
    'put a buffer': (store, key) => store.put(key, small),
    'put a stream': (store, key) => store.put(key, Readable.from(inChunks(large, 64 * 1024))),
    open: (store, key) => store.open(key),
    remove: (store, key) => store.remove([key]),
    list: (store, key) => keysIn(store, key),
    abortUnfinished: (store, key) => store.abortUnfinished(key),
    readMark: (store) => store.readMark(),
    writeMark: (store) => store.writeMark('mark', { replace: false }),
  }
  for (const [name, call] of Object.entries(calls)) {
    it(`${name} – store unreachable → unavailable with its cause`, async () => {
      const error = await rejection(call(place.unreachable, `${place.prefix}object`))
      expect(error).to.be.instanceOf(AppError).and.to.include({ status: 503, code: 'unavailable' })
      expect(error.cause).to.be.instanceOf(Error)
    })
  }
}

/** Defines the tests that every implementation of ObjectStore must pass. */
export function describeObjectStore(name: string, open: () => Promise<StoreFixture>): void {
  describe(`object store: ${name}`, () => {
    const root = `test-${randomUUID()}`
    const place = { prefix: '' } as Place

    before(async () => {
      Object.assign(place, await open())
    })
    beforeEach(() => {
      place.prefix = `${root}/${randomUUID()}/`
    })
    after(async () => {
      await place.store.abortUnfinished(root)
      await place.store.remove(await keysIn(place.store, root))
      await place.close()
    })

    describe('writing', () => describeWriting(place))
    describe('reading', () => describeReading(place))
    describe('listing and removing', () => describeListing(place))
    describe('mark', () => describeMark(place))
    describe('outage', () => describeOutage(place))
    describe('Multer engine', () => describeEngine(place))
  })
}
