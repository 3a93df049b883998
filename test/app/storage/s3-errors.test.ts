import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import { AppError } from '../../../app/errors.ts'
import { type ObjectStore, ObjectsNotRemoved } from '../../../app/storage/object-store.ts'
import type { S3StoreOptions } from '../../../app/storage/s3/client.ts'
import type { FakeS3, Fault } from '../../support/s3/fake-s3.ts'
import { openFakeS3Store, SHORT_TIMEOUTS } from '../../support/s3/fake-s3-store.ts'
import { keysIn, rejection } from '../../support/s3/object-stores.ts'

const small = Buffer.from('0123456789')
const large = Buffer.alloc(12 * 1024 * 1024, 7)

const calls: Record<string, (store: ObjectStore) => Promise<unknown>> = {
  check: (store) => store.check(),
  'small put': (store) => store.put('a/b/new', small),
  'large put': (store) => store.put('a/b/new', large),
  open: (store) => store.open('a/b/object'),
  remove: (store) => store.remove(['a/b/object']),
  list: (store) => keysIn(store, 'a/'),
  abortUnfinished: (store) => store.abortUnfinished('a/'),
}

describe('S3 store – bucket errors', () => {
  let s3: FakeS3
  let store: ObjectStore
  let close: () => Promise<void>

  beforeEach(async () => {
    ;({ s3, store, close } = await openFakeS3Store())
    s3.put('a/b/object', small)
  })
  afterEach(() => close())

  async function reopen(options: Partial<S3StoreOptions>) {
    await close()
    ;({ s3, store, close } = await openFakeS3Store(options))
    s3.put('a/b/object', small)
  }

  /** Makes the calls of one operation fail: always, or only the first `times` calls. */
  function fail(operation: string, fault: Fault, times = Number.POSITIVE_INFINITY) {
    let left = times
    s3.fault = (call) => (call.operation === operation && left-- > 0 ? fault : undefined)
  }

  function expectOnlyOriginal() {
    expect([...s3.objects.keys()]).to.deep.equal(['a/b/object'])
    expect([...s3.uploads.values()]).to.deep.equal([])
  }

  for (const fault of ['stall', 'slow-down', 'deny'] as const) {
    it(`every call – ${fault} → unavailable with its cause`, async () => {
      await reopen({ timeouts: SHORT_TIMEOUTS })
      s3.fault = () => fault
      const failing = Object.entries(calls).map(async ([name, call]) => {
        // a key that cannot list uploads finds none
        if (fault === 'deny' && name === 'abortUnfinished') return
        const error = await rejection(call(store))
        expect(error, name).to.be.instanceOf(AppError).and.to.include({ status: 503, code: 'unavailable' })
        expect(error.cause, name).to.be.instanceOf(Error)
      })
      await Promise.all(failing)
    })
  }

  it('put – disks of the bucket are full → server_full with its cause, nothing is left', async () => {
    s3.fault = ({ operation }) => (/^(Put|Create|Upload)/.test(operation) ? 'full' : undefined)
    for (const body of [small, large]) {
      const error = await rejection(store.put('a/b/new', body))
      expect(error).to.include({ status: 507, code: 'server_full' })
      expect(error).to.have.property('cause').that.is.instanceOf(Error)
    }
    expectOnlyOriginal()
  })

  it('check – bucket does not exist → unavailable', async () => {
    const other = await openFakeS3Store({ bucket: 'another' })
    expect(await rejection(other.store.check())).to.include({ status: 503, code: 'unavailable' })
    await other.close()
  })

  const uploads: [string, Fault, Buffer][] = [
    ['PutObject', 'reset', small],
    ['CreateMultipartUpload', 'deny', large],
    ['UploadPart', 'reset', large],
    ['UploadPart', 'slow-down', large],
    ['CompleteMultipartUpload', 'deny', large],
  ]
  for (const [operation, fault, bytes] of uploads) {
    const bodies = { buffer: () => bytes, 'stream of unknown length': () => Readable.from([bytes]) }
    for (const [what, body] of Object.entries(bodies))
      it(`put – ${what}, ${operation} fails: ${fault} → no object, no unfinished upload`, async () => {
        fail(operation, fault)
        const error = await rejection(store.put('a/b/new', body()))
        expect(error).to.include({ status: 503, code: 'unavailable' })
        expectOnlyOriginal()
      })
  }

  it('put – request not answered, carried out or not → no object, no unfinished upload', async () => {
    const silent: [string, Fault, Buffer][] = [
      ['PutObject', 'mute', small],
      ['CreateMultipartUpload', 'mute', large],
      ['UploadPart', 'stall', large],
      ['CompleteMultipartUpload', 'mute', large],
    ]
    const puts = silent.map(async ([operation, fault, bytes]) => {
      const one = await openFakeS3Store({ timeouts: { idle: SHORT_TIMEOUTS.idle } })
      one.s3.fault = (call) => (call.operation === operation ? fault : undefined)
      const error = await rejection(one.store.put('a/b/new', bytes))
      expect(error, operation).to.include({ status: 503, code: 'unavailable' })
      expect(one.s3.count(operation), operation).to.be.greaterThan(0)
      expect(one.s3.objects.size + one.s3.uploads.size, operation).to.equal(0)
      await one.close()
    })
    await Promise.all(puts)
  })

  it('put – refused while the source is idle → the source gets the error at once', async () => {
    fail('UploadPart', 'deny')
    const source = new PassThrough()
    source.write(large)
    const error = await rejection(store.put('a/b/new', source))
    expect(error).to.include({ status: 503, code: 'unavailable' })
    expect(source.errored).to.equal(error)
    expectOnlyOriginal()
  })

  it('put – fails, and the cleanup too → the first error', async () => {
    await reopen({ timeouts: { check: SHORT_TIMEOUTS.check } })
    s3.fault = ({ operation }) =>
      ({ UploadPart: 'deny' as const, AbortMultipartUpload: 'stall' as const })[operation]
    const error = await rejection(store.put('a/b/new', large))
    expect(error.cause).to.have.property('name', 'AccessDenied')
    s3.fault = () => undefined
    expect(await store.abortUnfinished('a/b/new')).to.equal(1)
    expectOnlyOriginal()
  })

  it('put – aborted while the bucket completes it → no object, no unfinished upload', async () => {
    const abort = new AbortController()
    s3.fault = ({ operation }) => {
      if (operation === 'CompleteMultipartUpload') abort.abort()
      return undefined
    }
    const error = await rejection(store.put('a/b/new', large, { signal: abort.signal }))
    expect(error).to.have.property('name', 'AbortError')
    expectOnlyOriginal()
  })

  it('remove – some objects fail → reported, the others removed', async () => {
    s3.put('a/b/kept', small)
    s3.fault = ({ operation, key }) =>
      operation === 'DeleteObject' && key === 'a/b/kept' ? 'deny' : undefined
    const error = await rejection(store.remove(['a/b/object', 'a/b/kept']))
    expect(error).to.include({ status: 503, code: 'unavailable' })
    expect(error.cause).to.be.instanceOf(ObjectsNotRemoved)
    expect(error.cause).to.have.deep.property('keys', ['a/b/kept'])
    expect(error.cause).to.have.nested.property('cause.message', 'AccessDenied: no')
    expect([...s3.objects.keys()]).to.deep.equal(['a/b/kept'])
  })

  for (const fault of ['pause', 'reset'] as const) {
    it(`open – download stops midway: ${fault} → unavailable`, async () => {
      await reopen({ timeouts: { idle: SHORT_TIMEOUTS.idle } })
      s3.put('a/b/large', large)
      s3.fault = () => fault
      const error = await rejection(buffer(await store.open('a/b/large')))
      expect(error).to.include({ status: 503, code: 'unavailable' })
    })
  }

  it('put – source fails with ECONNRESET → the error of the source, not unavailable', async () => {
    const reason = Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
    const source = Readable.from(
      (async function* () {
        yield large
        throw reason
      })(),
    )
    expect(await rejection(store.put('a/b/new', source))).to.equal(reason)
    expectOnlyOriginal()
  })

  describe('temporary errors', () => {
    beforeEach(() => reopen({ attempts: 2 }))

    it('every call – temporary error → retried, at most `attempts` times', async () => {
      fail('PutObject', 'slow-down', 1)
      await store.put('a/b/new', small)
      expect(s3.count('PutObject')).to.equal(2)
      fail('ListObjectsV2', 'slow-down')
      await rejection(keysIn(store, 'a/'))
      expect(s3.count('ListObjectsV2')).to.equal(2)
    })

    it('put – connection lost during a part → part sent again', async () => {
      fail('UploadPart', 'reset', 1)
      await store.put('a/b/new', large)
      expect(s3.objects.get('a/b/new')?.bytes.equals(large)).to.equal(true)
      expect(s3.count('UploadPart')).to.equal(4)
    })
  })
})
