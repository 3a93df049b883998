import { randomBytes, randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { sweep } from '../../../app/maintenance/sweep.ts'
import { type ObjectStore, ObjectsNotRemoved } from '../../../app/storage/object-store.ts'
import { uploadPrefix } from '../../../app/uploads/object-keys.ts'
import { Asset } from '../../../models/asset.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { keysOf, storedBytes } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { type FakeResponse, refusal } from '../../support/s3/actions.ts'
import type { FakeS3 } from '../../support/s3/fake-s3.ts'
import { openFakeS3Store } from '../../support/s3/fake-s3-store.ts'
import { rejection } from '../../support/s3/object-stores.ts'
import { STORE_KINDS, type StoreKind, storeKind } from '../../support/s3/store-kinds.ts'

const MiB = 1024 * 1024
/** A bucket with Object Lock. */
const LOCKED: FakeResponse = {
  body: '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
}
/** Answers of servers that do not know DeleteObjects and do not say so. */
const NO_RESULTS: [what: string, answer: FakeResponse][] = [
  ['200 without a body', { status: 200 }],
  ['200 with an empty result', { body: '<DeleteResult></DeleteResult>' }],
]

const METHODS = [
  ...(['check', 'freeBytes', 'put', 'open', 'remove', 'list', 'listUnfinished', 'abortUnfinished'] as const),
  ...(['protect', 'readMark', 'writeMark', 'selfTest', 'close'] as const),
]
/** The store of the service: one after the other, so that the service starts only once. */
let current: ObjectStore
const delegate = (name: (typeof METHODS)[number]) => [
  name,
  (...given: unknown[]) => Reflect.apply(current[name], current, given),
]
const changingStore = {
  kind: 's3',
  description: 'stores of this test',
  ...Object.fromEntries(METHODS.map(delegate)),
} as ObjectStore

/** Uploads, reads, deletes, sweeps. The usage and the store agree after each step. */
async function useStore(app: TestApp, ada: TestUser): Promise<void> {
  const expectUsage = async (bytes: number) => {
    const location = await User.locate(ada.user._id)
    expect(await storedBytes(app, `${location}/`)).to.equal(bytes)
    const { space } = await User.findById(ada.user._id).orFail()
    expect([space.used, space.reserved]).to.deep.equal([bytes, 0])
  }
  await app.store.check()
  expect(await app.store.readMark()).to.equal(null)
  const small = await uploadAsset(ada, {}, { 'one.bin': Buffer.from('0123456789') })
  const several = Object.fromEntries([1, 2, 3].map((n) => [`${n}.bin`, randomBytes(1000)]))
  const many = await uploadAsset(ada, {}, several)
  const bytes = randomBytes(6 * MiB)
  const large = await uploadAsset(ada, {}, { 'large.bin': bytes })
  await expectUsage(10 + 3000 + bytes.length)

  const url = String(large.files[0]?.url)
  const whole = await ada.get(url).buffer().expect(200)
  expect(bytes.equals(whole.body)).to.equal(true)
  const part = await ada.get(url).set('Range', 'bytes=5242870-5242889').buffer().expect(206)
  expect(bytes.subarray(5242870, 5242890).equals(part.body)).to.equal(true)

  await ada.delete(`/api/assets/${small.id}`).expect(204)
  await expectUsage(3000 + bytes.length)
  await ada.delete(`/api/assets/${many.id}`).expect(204)
  await expectUsage(bytes.length)
  await ada.delete(`/api/assets/${large.id}`).expect(204)
  await expectUsage(0)
  await sweep(app.context)
  expect(await Asset.countDocuments({ owner: ada.user._id })).to.equal(0)
  const ofAda = await keysOf(app, `${await User.locate(ada.user._id)}/`)
  expect(ofAda).to.deep.equal([])
}

describe('stores that answer differently from S3', () => {
  let app: TestApp
  let s3: FakeS3
  let close: () => Promise<void>
  let ada: TestUser

  before(async () => {
    app = await startApp({ store: changingStore })
  })
  beforeEach(async () => {
    ada = await signUp(app, `u${randomUUID().slice(0, 8)}`)
  })
  afterEach(() => close())
  after(() => app.stop())

  async function openKind(kind: StoreKind): Promise<void> {
    const checksums = kind.refusesChecksums ? 'when_required' : 'when_supported'
    ;({ s3, store: current, close } = await openFakeS3Store({ checksums }))
    kind.apply(s3)
  }

  for (const kind of STORE_KINDS)
    it(`${kind.name} – upload, read, range, delete, sweep → works, the space is correct`, async () => {
      await openKind(kind)
      await useStore(app, ada)
      expect(s3.count('DeleteObjects'), 'asked at most once if refused').to.be.at.most(1)
      expect(s3.count('DeleteObject')).to.equal(kind.removes === 'DeleteObject' ? 5 : 2)

      const key = `${uploadPrefix(await User.locate(ada.user._id), randomUUID())}1`
      s3.begin(key)
      await sweep({ ...app.context, staleMs: -60_000 })
      expect(s3.uploads.size).to.equal(s3.listsUploadsByKey ? 1 : 0)
      await app.store.abortUnfinished(key)
      expect(s3.uploads.size).to.equal(0)

      await app.store.protect([key], { mode: null, until: null, legalHold: true })
      expect(s3.count('PutObjectLegalHold')).to.equal(0)
    })

  it('DELETE /api/assets – one object and DeleteObjects refused → the space stays used until the sweep deletes it', async () => {
    await openKind(storeKind('Google Cloud Storage'))
    const files = Object.fromEntries([1, 2, 3].map((n) => [`${n}.bin`, randomBytes(1000)]))
    const { id } = await uploadAsset(ada, {}, files)
    const [first = ''] = await keysOf(app)
    s3.fault = ({ operation, key }) => (operation === 'DeleteObject' && key === first ? 'deny' : undefined)
    await ada.delete(`/api/assets/${id}`)
    expect(await keysOf(app)).to.deep.equal([first])
    const used = async () => (await User.findById(ada.user._id).orFail()).space.used
    expect(await used()).to.equal(3000)
    s3.fault = () => undefined
    await sweep(app.context)
    expect([await keysOf(app), await used()]).to.deep.equal([[], 0])
  })

  for (const [what, answer] of NO_RESULTS)
    it(`remove – DeleteObjects is answered ${what} → every object deleted singly`, async () => {
      await openKind(storeKind('S3'))
      s3.answer = ({ operation }) => (operation === 'DeleteObjects' ? answer : undefined)
      const keys = Array.from({ length: 20 }, (_, n) => `a/${n}`)
      for (const key of keys) s3.put(key, Buffer.alloc(1))
      await current.remove(keys)
      expect([...s3.objects.keys()]).to.deep.equal([])
    })

  it('remove – DeleteObjects refused because of wrong credentials → unavailable; asked again next time', async () => {
    await openKind(storeKind('S3'))
    for (const key of ['a/1', 'a/2']) s3.put(key, Buffer.alloc(1))
    s3.answer = () => refusal(403, 'InvalidAccessKeyId')
    const error = await rejection(current.remove(['a/1', 'a/2']))
    expect(error.cause).to.be.instanceOf(ObjectsNotRemoved).and.to.have.property('keys').with.length(2)
    s3.answer = () => undefined
    await current.remove(['a/1', 'a/2'])
    expect([s3.objects.size, s3.count('DeleteObjects')]).to.deep.equal([0, 2])
  })

  it('protect – wrong credentials, then right ones → Object Lock is not taken for missing', async () => {
    await openKind(storeKind('S3'))
    s3.answer = () => refusal(403, 'InvalidAccessKeyId')
    await rejection(current.protect(['a/1'], null))
    s3.answer = ({ operation }) => (operation === 'GetObjectLockConfiguration' ? LOCKED : { status: 200 })
    await current.protect(['a/1'], { mode: null, until: null, legalHold: true })
    expect(s3.count('PutObjectLegalHold')).to.equal(1)
  })
})

if (process.env.S3_ENDPOINT)
  describe('the store of the test run', () => {
    it('S3_ENDPOINT – upload, read, range, delete, sweep → works, the space is correct', async () => {
      const app = await startApp()
      try {
        await useStore(app, await signUp(app, 'ada'))
      } finally {
        await app.stop()
      }
    })
  })
