import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { describeFinding } from '../../app/maintenance/finding.ts'
import { checkStorage } from '../../app/maintenance/integrity-check.ts'
import { sweep } from '../../app/maintenance/sweep.ts'
import { openS3Store } from '../../app/storage/s3/store.ts'
import { loadConfig } from '../../config/env.ts'
import { Asset } from '../../models/asset.ts'
import { objectsOf } from '../../models/asset-objects.ts'
import { socketOf } from '../embedded/engine.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import type { Client } from '../support/app/client.ts'
import { FaultProxy, type ProxyFault } from '../support/app/fault-proxy.ts'
import { databaseUri } from '../support/app/mongo.ts'
import { uploadRaw, withLength } from '../support/app/raw-upload.ts'
import { keysOf, runningUploads } from '../support/app/state.ts'
import { signUp } from '../support/app/users.ts'
import { png } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'
import { makeBucket, type TestBucket } from '../support/s3/bucket.ts'
import { type FakeS3, startFakeS3 } from '../support/s3/fake-s3.ts'

/** No request lasts longer, with the time-outs of this test. */
const LIMIT_MS = 15_000
const DATABASE =
  'serverSelectionTimeoutMS=800&connectTimeoutMS=800&socketTimeoutMS=1200&heartbeatFrequencyMS=500&waitQueueTimeoutMS=800'
const STORE = { attempts: 2, timeouts: { connect: 500, idle: 600, request: 3000, check: 500 } }
const FAULTS: readonly ProxyFault[] = ['delay', 'stall', 'cut', 'reset', 'refuse']

describe('network faults to the database and the bucket', function () {
  this.timeout(120_000)
  let fake: FakeS3 | undefined
  let bucket: TestBucket | null
  let database: FaultProxy
  let store: FaultProxy
  let app: TestApp
  let ada: Client
  let picture: Buffer

  before(async () => {
    const uri = new URL(await databaseUri())
    const path = socketOf(uri.href)
    const target = path.startsWith('/') ? { path } : { host: uri.hostname, port: Number(uri.port) }
    database = await new FaultProxy(target).listen()
    uri.host = `127.0.0.1:${database.port}`
    bucket = await makeBucket()
    if (!bucket) fake = await startFakeS3()
    const given = bucket?.env ?? {
      S3_ENDPOINT: String(fake?.endpoint),
      S3_BUCKET: String(fake?.name),
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    }
    const endpoint = new URL(String(given.S3_ENDPOINT))
    store = await new FaultProxy({ host: endpoint.hostname, port: Number(endpoint.port) }).listen()
    const { s3 } = loadConfig({ ...given, S3_ENDPOINT: `http://127.0.0.1:${store.port}` }).storage
    if (!s3) throw new TypeError('no bucket')
    app = await startApp({
      store: await openS3Store({ ...s3, ...STORE }),
      uri: `${uri.href}${uri.search ? '&' : '?'}${DATABASE}`,
    })
    const { token } = await signUp(app, 'ada')
    ada = { origin: app.origin, token }
    picture = await png({ width: 40, height: 30 })
  })
  after(async () => {
    await bucket?.remove(app.store)
    await app.stop()
    await app.store.close()
    await database.close()
    await store.close()
    await fake?.close()
  })

  const small = randomBytes(30_000)
  const large = randomBytes(9_000_000)

  interface Answer {
    status: number
    code?: string | undefined
  }

  async function ask(path: string, method = 'GET'): Promise<Answer> {
    const headers = { Authorization: `Bearer ${ada.token}` }
    const answer = await fetch(`${app.origin}${path}`, { method, headers })
    const text = await answer.text()
    const isJson = answer.headers.get('Content-Type')?.includes('json')
    return { status: answer.status, code: isJson ? JSON.parse(text).err?.code : undefined }
  }

  /** Again where the machine stood still for longer than the time-outs of this test: that looks like a fault. */
  async function create(): Promise<string> {
    return eventually(async () => {
      const { status, res } = await uploadRaw(ada, small, withLength(small))
      expect(status).to.equal(201)
      const asset = res?.asset as { id: string } | undefined
      return String(asset?.id)
    }, 20_000)
  }

  /** Every kind of request that writes or reads bytes, each on an asset of its own. */
  async function prepare(): Promise<Record<string, () => Promise<Answer>>> {
    const [replaced, pictured, read, removed] = [
      await create(),
      await create(),
      await create(),
      await create(),
    ]
    const image = { path: `/api/assets/${pictured}/images`, field: 'images', name: 'a.png' }
    const replacing = { path: `/api/assets/${replaced}/files`, method: 'PUT' as const }
    return {
      create: () => uploadRaw(ada, small, withLength(small)),
      'create large': () => uploadRaw(ada, large, withLength(large)),
      'create chunked': () => uploadRaw(ada, large),
      replace: () => uploadRaw(ada, small, withLength(small, replacing)),
      'add a picture': () => uploadRaw(ada, picture, withLength(picture, image)),
      remove: () => ask(`/api/assets/${removed}`, 'DELETE'),
      read: () => ask(`/api/assets/${read}`),
      search: () => ask('/api/assets?facets=1&count=1'),
      download: () => ask(`/api/assets/${read}/download`),
      space: () => ask('/api/space'),
    }
  }

  /** Runs all at once. A download that has begun may break off; every other answer has an error code of the API. */
  async function run(requests: Awaited<ReturnType<typeof prepare>>): Promise<number[]> {
    const begun = Date.now()
    const running = Object.entries(requests).map(async ([name, request]) => {
      const broken = (error: Error): Answer => {
        if (name === 'download') return { status: 200 }
        throw new Error(`${name}: ${error.message}`)
      }
      const { status, code } = await request().catch(broken)
      expect(Date.now() - begun, name).to.be.lessThan(LIMIT_MS)
      if (status > 204)
        expect({ name, status, code }).to.deep.equal({ name, status: 503, code: 'unavailable' })
      return status
    })
    return Promise.all(running)
  }

  /** After the fault nothing is left that a sweep does not end. */
  async function expectClean(): Promise<void> {
    await eventually(async () => expect(await ask('/readyz')).to.include({ status: 200 }), 20_000)
    const context = { ...app.context, staleMs: -1 }
    await eventually(async () => {
      await sweep(context)
      expect(await runningUploads()).to.deep.equal([])
    }, 20_000)
    for await (const { finding } of checkStorage(context, { fix: false, graceMs: -1 }))
      expect.fail(describeFinding(finding))
    const assets = await Asset.find().lean()
    const named = assets
      .flatMap((asset) => objectsOf({ ...asset, allFiles: asset.files }))
      .map(({ key }) => key)
    expect(await keysOf(app)).to.have.members(named)
  }

  for (const where of ['database', 'bucket'] as const)
    for (const fault of FAULTS)
      it(`every route – ${where}: ${fault} → bounded errors, consistent afterwards`, async () => {
        const requests = await prepare()
        const proxy = where === 'database' ? database : store
        proxy.setFault(fault)
        const statuses = await run(requests).finally(() => proxy.setFault('pass'))
        if (fault === 'stall' || fault === 'refuse') expect(statuses).to.include(503)
        await expectClean()
      })

  it('upload – bucket answers 503 SlowDown to every other request → retried, stored', async function () {
    if (!fake) return this.skip()
    const requests = await prepare()
    let asked = 0
    fake.fault = () => (asked++ % 2 === 0 ? 'slow-down' : undefined)
    const statuses = await run(requests).finally(() => {
      if (fake) fake.fault = () => undefined
    })
    expect(statuses).to.include(201)
    await expectClean()
  })
})
