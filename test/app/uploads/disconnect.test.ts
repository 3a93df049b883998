import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { startApp, type TestApp } from '../../support/app/app.ts'
import type { Client } from '../../support/app/client.ts'
import { beginUpload, multipart, type UploadOptions, uploadRaw } from '../../support/app/raw-upload.ts'
import { runningUploads, stateOf } from '../../support/app/state.ts'
import { signUp } from '../../support/app/users.ts'
import { eventually } from '../../support/eventually.ts'
import { type FakeS3, startFakeS3 } from '../../support/s3/fake-s3.ts'

const SIZE = 20_000_000
/** Bytes of two parts of a multipart upload and some of the third. */
const SENT = 12_000_000
/** Bytes of one part and some of the next. When more bytes wait for the bucket, nothing is read, and a disconnect is not noticed. */
const SENT_TO_SILENCE = 7_000_000

describe('client disconnects', function () {
  this.timeout(60_000)
  let s3: FakeS3
  let app: TestApp
  let ada: Client
  const body = multipart(randomBytes(SIZE))

  before(async () => {
    s3 = await startFakeS3()
    const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
    app = await startApp({ env: { S3_ENDPOINT: s3.endpoint, S3_BUCKET: s3.name, ...credentials } })
    const { token } = await signUp(app, 'ada')
    ada = { origin: app.origin, token }
    await uploadRaw(ada, Buffer.from('kept'))
  })
  afterEach(() => {
    s3.fault = () => undefined
  })
  after(async () => {
    await app.stop()
    await s3.close()
  })

  /** Disconnects after `until` resolves. Expects the state from before within 5 seconds. */
  async function disconnect(
    bytes: number,
    until: () => Promise<unknown>,
    how: UploadOptions = { length: body.length },
  ): Promise<void> {
    const before = await stateOf(app)
    const { sending, answer } = beginUpload(ada, how)
    sending.write(body.subarray(0, bytes))
    await until()
    sending.destroy()
    expect(await answer.catch((error: Error) => error)).to.be.instanceOf(Error)
    await eventually(async () => {
      expect(await stateOf(app)).to.deep.equal(before)
      expect([...s3.uploads.values()]).to.deep.equal([])
    }, 5000)
  }
  const recorded = () => eventually(async () => expect(await runningUploads()).to.have.length(1))
  const partsStored = () =>
    eventually(() => {
      const [upload] = s3.uploads.values()
      expect(upload?.parts.size ?? 0).to.be.greaterThan(0)
    })

  it('POST /api/assets – client disconnects mid-file → no object, reservation or document', async () => {
    await disconnect(SENT, partsStored)
    await disconnect(SENT, partsStored, {})
  })

  it('PUT /api/files/:filename – client disconnects mid-file → no object, reservation or document', async () => {
    const how = { method: 'PUT', path: '/api/files/a.bin', field: null } as const
    await disconnect(SENT, partsStored, { ...how, length: SIZE })
    await disconnect(SENT, partsStored, how)
    for (let round = 0; round < 5; round++) await disconnect(round % 2, recorded, { ...how, length: 100_000 })
  })

  it('POST /api/assets – client disconnects before the body is read → no object or reservation', async () => {
    for (let round = 0; round < 5; round++) await disconnect(round % 2, recorded)
  })

  it('POST /api/assets – bucket does not answer → no object or reservation', async () => {
    s3.fault = ({ operation }) => (operation === 'UploadPart' ? 'stall' : undefined)
    const stalled = () => eventually(() => expect(s3.uploads.size).to.equal(1))
    await disconnect(SENT_TO_SILENCE, stalled)
  })

  it('POST /api/assets – more bytes than announced → no object or reservation', async () => {
    const before = await stateOf(app)
    const undone = s3.count('ListMultipartUploads')
    expect(await uploadRaw(ada, randomBytes(200_000), { length: 40_000 })).to.include({ status: 400 })
    await eventually(() => expect(s3.count('ListMultipartUploads')).to.be.greaterThan(undone))
    await eventually(async () => expect(await stateOf(app)).to.deep.equal(before), 5000)
  })

  it('POST /api/assets – fewer bytes than announced → no object or reservation', async () => {
    const before = await stateOf(app)
    const file = multipart(randomBytes(30_000))
    const { sending, answer } = beginUpload(ada, { length: file.length + 1000 })
    sending.write(file)
    await recorded()
    sending.destroy()
    await answer.catch(() => undefined)
    await eventually(async () => expect(await stateOf(app)).to.deep.equal(before), 5000)
  })
})
