import { expect } from 'chai'
import { pino } from 'pino'
import { tryStore } from '../../../app/lifecycle/try-store.ts'
import type { ObjectStore, StoreCheck } from '../../../app/storage/object-store.ts'
import { eventually } from '../../support/eventually.ts'
import { type FakeResponse, refusal } from '../../support/s3/actions.ts'
import type { FakeS3 } from '../../support/s3/fake-s3.ts'
import { openFakeS3Store, SHORT_TIMEOUTS } from '../../support/s3/fake-s3-store.ts'
import { rejection } from '../../support/s3/object-stores.ts'
import { STORE_KINDS, storeKind } from '../../support/s3/store-kinds.ts'

/** A bucket with Object Lock. */
const LOCKED: FakeResponse = {
  body: '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
}
const DENIED = refusal(403, 'AccessDenied', 'Access Denied')

describe('self-test of a bucket', () => {
  let s3: FakeS3
  let store: ObjectStore
  let close: () => Promise<void>

  beforeEach(async () => {
    ;({ s3, store, close } = await openFakeS3Store({ timeouts: SHORT_TIMEOUTS }))
  })
  afterEach(() => close())

  const namesOf = (checks: StoreCheck[], ...outcomes: string[]) =>
    checks.filter(({ outcome }) => outcomes.includes(outcome)).map(({ name }) => name)
  const expectEmpty = () =>
    expect([[...s3.objects.keys()], [...s3.uploads.values()], s3.versions]).to.deep.equal([[], [], []])
  /** Answers an operation in place of the fake S3. */
  const answer = (operation: string, response: FakeResponse) => {
    s3.answer = (call) => (call.operation === operation ? response : undefined)
  }

  for (const kind of STORE_KINDS)
    it(`selfTest – ${kind.name} → its missing features, nothing left`, async () => {
      await close()
      const checksums = kind.refusesChecksums ? 'when_required' : 'when_supported'
      ;({ s3, store, close } = await openFakeS3Store({ checksums }))
      kind.apply(s3)
      const { checks } = await store.selfTest()
      expect(namesOf(checks, 'failed')).to.deep.equal([])
      expect(namesOf(checks, 'off', 'note')).to.have.members(kind.off)
      expectEmpty()
    })

  for (const { name, apply } of STORE_KINDS.filter(({ refusesChecksums }) => refusesChecksums))
    it(`selfTest – ${name} with S3_CHECKSUMS=when_supported → the setting named`, async () => {
      apply(s3)
      const { checks } = await store.selfTest()
      expect(checks).to.have.length(1)
      expect(checks[0]).to.include({ name: 'write', outcome: 'failed' })
      expect(checks[0]?.message).to.contain('S3_CHECKSUMS=when_required')
      const { cause } = await rejection(store.put('a/1', Buffer.alloc(1)))
      expect(cause).to.have.property('message').that.contains('S3_CHECKSUMS=when_required')
    })

  const refused: [
    operation: string,
    answer: FakeResponse,
    check: string,
    outcome: string,
    message: RegExp,
  ][] = [
    ['PutObject', DENIED, 'write', 'failed', /needs the right s3:PutObject\./],
    ['GetObject', DENIED, 'read', 'failed', /needs the right s3:GetObject\./],
    ['ListObjectsV2', DENIED, 'list', 'failed', /needs the right s3:ListBucket\./],
    ['DeleteObject', DENIED, 'delete', 'failed', /needs the right s3:DeleteObject\./],
    ['CreateMultipartUpload', DENIED, 'upload in parts', 'failed', /needs the right s3:PutObject\./],
    ['ListMultipartUploads', DENIED, 'list unfinished uploads', 'off', /s3:ListBucketMultipartUploads\./],
    ['GetObjectLockConfiguration', DENIED, 'object lock', 'off', /s3:GetBucketObjectLockConfiguration/],
    ['GetBucketVersioning', DENIED, 'versions', 'note', /s3:GetBucketVersioning/],
    ['GetObject', { headers: { ETag: '"a"' }, body: '0123456789' }, 'range', 'failed', /ignores the range/],
    ['DeleteObject', { status: 204 }, 'delete', 'failed', /still has an object/],
    ['PutObject', refusal(403, 'SecondLevelDomainForbidden'), 'write', 'failed', /S3_FORCE_PATH_STYLE=false/],
    ['PutObject', refusal(301, 'PermanentRedirect'), 'write', 'failed', /AWS_REGION/],
    ['PutObject', refusal(403, 'RequestTimeTooSkewed'), 'write', 'failed', /clock/],
    ['PutObject', refusal(404, 'NoSuchBucket'), 'write', 'failed', /S3_BUCKET/],
    ['PutObject', refusal(507, 'XMinioStorageFull'), 'write', 'failed', /full/],
  ]
  for (const [operation, response, check, outcome, message] of refused)
    it(`selfTest – ${operation} answered ${response.status ?? 200} ${message} → ${check}: ${outcome}`, async () => {
      answer(operation, response)
      const { checks } = await store.selfTest()
      const found = checks.find(({ name }) => name === check)
      expect(found).to.include({ outcome })
      expect(found?.message).to.match(message)
    })

  it('selfTest – Object Lock exists, but the key cannot set it → off: protect sends nothing', async () => {
    const answers: Record<string, FakeResponse> = {
      GetObjectLockConfiguration: LOCKED,
      PutObjectRetention: DENIED,
    }
    s3.answer = ({ operation }) => answers[operation]
    const { checks, policy } = await store.selfTest()
    const found = checks.find(({ name }) => name === 'object lock')
    expect(found).to.include({ outcome: 'off' })
    expect(found?.message).to.contain('s3:PutObjectRetention')
    expect(JSON.stringify(policy)).to.contain('s3:PutObjectLegalHold')
    const before = s3.count('PutObjectRetention')
    await store.protect(['a/1'], { mode: null, until: null, legalHold: true })
    expect(s3.count('PutObjectRetention')).to.equal(before)
  })

  it('selfTest – Object Lock exists, with all rights → ok', async () => {
    s3.answer = ({ operation }) =>
      operation === 'GetObjectLockConfiguration'
        ? LOCKED
        : /^PutObject(?:Retention|LegalHold)$/.test(operation)
          ? { status: 200 }
          : undefined
    expect((await store.selfTest()).checks.find(({ name }) => name === 'object lock')).to.include({
      outcome: 'ok',
    })
  })

  it('selfTest – bucket keeps versions → said, and no version of the test is left', async () => {
    s3.versioned = true
    const { checks } = await store.selfTest()
    expect(namesOf(checks, 'off', 'note')).to.have.members(['object lock', 'versions'])
    expectEmpty()
  })

  it('selfTest – several at once, objects of one that died → nothing is left', async () => {
    const left = s3.put('self-test/8c5d3b0e/1', Buffer.alloc(1))
    left.modifiedAt = new Date(Date.now() - 2 * 3_600_000)
    const tests = await Promise.all([1, 2, 3, 4].map((n) => store.selfTest({ thorough: n === 1 })))
    for (const { checks } of tests) expect(namesOf(checks, 'failed')).to.deep.equal([])
    expectEmpty()
  })

  it('selfTest – bucket does not answer → unavailable', async () => {
    s3.fault = () => 'slow-down'
    expect(await rejection(store.selfTest())).to.include({ status: 503, code: 'unavailable' })
  })

  it('abortUnfinished, listUnfinished – key cannot list uploads → none', async () => {
    answer('ListMultipartUploads', DENIED)
    expect(await store.abortUnfinished('a/')).to.equal(0)
    for await (const found of store.listUnfinished('')) expect(found).to.equal(undefined)
  })

  it('tryStore – store away, then back → missing features are logged once', async () => {
    storeKind('MinIO of 2024').apply(s3)
    const lines: string[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => lines.push(line) })
    const stop = new AbortController()
    s3.fault = () => 'slow-down'
    const tried = tryStore({ store, log, stopping: stop.signal }, 20)
    await eventually(async () => expect(s3.calls.length).to.be.greaterThan(2))
    expect(lines).to.deep.equal([])
    s3.fault = () => undefined
    await tried
    expect(lines).to.have.length(1)
    expect(JSON.parse(String(lines[0])).checks).to.have.length(3)
  })

  it('tryStore – key cannot write → logged once; the stop ends it', async () => {
    answer('PutObject', DENIED)
    const lines: string[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => lines.push(line) })
    const stop = new AbortController()
    const tried = tryStore({ store, log, stopping: stop.signal }, 20)
    await eventually(async () => expect(s3.count('PutObject')).to.be.greaterThan(2))
    stop.abort()
    await tried
    expect(lines).to.have.length(1)
    expect(lines[0]).to.contain('s3:PutObject')
  })
})
