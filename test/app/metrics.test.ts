import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import { mongo } from 'mongoose'
import { serverFull, spaceExceeded, storeUnavailable } from '../../app/errors.ts'
import { measureStore, storeErrors } from '../../app/metrics/store-operations.ts'
import { ObjectMissing, type ObjectStore } from '../../app/storage/object-store.ts'
import { Asset } from '../../models/asset.ts'
import { socketOf } from '../embedded/engine.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { register } from '../support/app/client.ts'
import { FaultProxy } from '../support/app/fault-proxy.ts'
import { readMetrics, sumOf } from '../support/app/metrics.ts'
import { databaseUri } from '../support/app/mongo.ts'
import { killAll, startProcess } from '../support/app/process.ts'
import { beginUpload } from '../support/app/raw-upload.ts'
import { signUp } from '../support/app/users.ts'
import { eventually } from '../support/eventually.ts'

describe('metrics of the service', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())

  const read = async (series: string, labels = {}) => sumOf(await readMetrics(app.origin), series, labels)

  it('upload – stored or broken off → counted by result, bytes, none is running afterwards', async () => {
    const ada = await signUp(app, 'ada')
    const count = (result: string) => read('kura_upload_duration_seconds_count', { result })
    const [stored, discarded, bytes] = [
      Number(await count('stored')),
      Number(await count('discarded')),
      Number(await read('kura_uploaded_bytes_total')),
    ]
    const running = Number(await read('kura_uploads_running'))
    await uploadAsset(ada, {}, { 'five.bin': Buffer.alloc(5000) })
    expect(await count('stored')).to.equal(stored + 1)
    expect(await read('kura_uploaded_bytes_total')).to.equal(bytes + 5000)

    const upload = beginUpload({ origin: app.origin, token: ada.token }, { length: 100_000 })
    upload.sending.write('--kura-test-boundary\r\n')
    await eventually(async () => expect(await read('kura_uploads_running')).to.equal(running + 1))
    upload.sending.destroy()
    await eventually(async () => expect(await read('kura_uploads_running')).to.equal(running))
    expect(await count('discarded')).to.equal(discarded + 1)
    expect(await read('kura_uploaded_bytes_total')).to.equal(bytes + 5000)
  })

  it('error – answered by HTTP, or before Express → counted by its code', async () => {
    const count = async (code: string) => Number(await read('kura_errors_total', { code }))
    const before = [await count('not_found'), await count('malformed_request')]
    await app.api.get('/no/such/path').expect(404)
    await app.api.get('/ws').set('Upgrade', 'websocket').set('Connection', 'Upgrade').expect(400)
    expect([await count('not_found'), await count('malformed_request')]).to.deep.equal(
      before.map((one) => one + 1),
    )
  })

  it('database commands – one fails → its duration and its error are counted', async () => {
    const [count, errors] = [
      Number(await read('kura_database_command_duration_seconds_count', { command: 'distinct' })),
      Number(await read('kura_database_command_errors_total', { command: 'distinct' })),
    ]
    await Asset.collection.distinct('name')
    await Asset.collection.distinct('name', { $noSuchOperator: 1 }).catch(() => undefined)
    expect(await read('kura_database_command_duration_seconds_count', { command: 'distinct' })).to.equal(
      count + 2,
    )
    expect(await read('kura_database_command_errors_total', { command: 'distinct' })).to.equal(errors + 1)
  })
})

describe('metrics of the store', () => {
  const broken = (error: unknown) => async () => {
    throw error
  }
  const unused: ObjectStore = {
    kind: 'disk',
    description: '',
    check: async () => undefined,
    freeBytes: async () => null,
    selfTest: async () => {
      throw new Error('not used')
    },
    put: async () => ({ size: 0 }),
    open: async () => Readable.from([]),
    remove: async () => undefined,
    list: async function* () {},
    listUnfinished: async function* () {},
    abortUnfinished: async () => 0,
    protect: async () => undefined,
    readMark: async () => null,
    writeMark: async () => undefined,
    close: async () => undefined,
  }
  /** Returns the errors that an operation on a store adds, as `operation code`. */
  async function errorsOf(store: Partial<ObjectStore>, use: (store: ObjectStore) => Promise<unknown>) {
    storeErrors.reset()
    await use(measureStore({ ...unused, ...store })).then(
      () => expect.fail('the operation succeeded'),
      () => undefined,
    )
    return (await storeErrors.get()).values.map(({ labels }) => `${labels.operation} ${labels.code}`)
  }

  it('store error – the store fails → counted by operation and code', async () => {
    const down = storeUnavailable(new Error('ECONNREFUSED'))
    const full = serverFull(new Error('ENOSPC'))
    const stream = Readable.from(
      (async function* () {
        yield Buffer.alloc(1)
        throw down
      })(),
    )
    const cases = [
      await errorsOf({ remove: broken(down) }, (store) => store.remove(['a'])),
      await errorsOf({ put: broken(full) }, (store) => store.put('a', Buffer.alloc(1))),
      await errorsOf({ open: async () => stream }, async (store) => (await store.open('a')).toArray()),
      await errorsOf(
        {
          async *list() {
            yield* []
            throw down
          },
        },
        async (store) => {
          for await (const _object of store.list(''));
        },
      ),
    ]
    expect(cases).to.deep.equal([
      ['remove unavailable'],
      ['put server_full'],
      ['open unavailable'],
      ['list unavailable'],
    ])
  })

  it('store error – missing object, aborted, full quota, client error → not counted', async () => {
    const down = storeUnavailable(new Error('ECONNREFUSED'))
    const fail = broken(serverFull(new Error('the database is full')))
    const put: ObjectStore['put'] = async (_key, _body, options) => {
      await options?.onChunk?.(Buffer.alloc(1))
      return { size: 1 }
    }
    const cases = [
      await errorsOf({ open: broken(new ObjectMissing('a')) }, (store) => store.open('a')),
      await errorsOf({ check: broken(down) }, (store) => store.check(AbortSignal.abort())),
      await errorsOf({ put: broken(spaceExceeded()) }, (store) => store.put('a', Buffer.alloc(1))),
      await errorsOf({ put }, (store) => store.put('a', Buffer.alloc(1), { onChunk: fail })),
    ]
    expect(cases).to.deep.equal([[], [], [], []])
  })
})

describe('metrics while the database is away', function () {
  this.timeout(180_000)
  let folder: string
  let proxy: FaultProxy
  const database = `kura-test-${randomUUID().slice(0, 8)}`

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-metrics-'))
  })
  after(async () => {
    await killAll()
    await proxy.close()
    await rm(folder, { recursive: true, force: true })
    const client = await mongo.MongoClient.connect(await databaseUri())
    await client.db(database).dropDatabase()
    await client.close()
  })

  it('GET /metrics – database stalls, then answers → 200 within 5 s, its series absent, then back', async () => {
    const uri = new URL(await databaseUri())
    const path = socketOf(uri.href)
    proxy = await new FaultProxy(
      path.startsWith('/') ? { path } : { host: uri.hostname, port: Number(uri.port) },
    ).listen()
    uri.host = `127.0.0.1:${proxy.port}`
    uri.pathname = `/${database}`
    for (const option of [
      'serverSelectionTimeoutMS',
      'connectTimeoutMS',
      'socketTimeoutMS',
      'heartbeatFrequencyMS',
    ])
      uri.searchParams.set(option, '1000')
    const { origin } = await startProcess({ DATA_DIR: folder, MONGODB_URI: uri.href })
    await register(origin)
    const series = async () => {
      const families = await readMetrics(origin)
      return ['kura_database_up', 'kura_store_up', 'kura_space_used_bytes', 'kura_users'].map((one) =>
        sumOf(families, one),
      )
    }
    expect(await series()).to.deep.equal([1, 1, 0, 1])

    proxy.setFault('stall')
    await eventually(async () => {
      const begun = performance.now()
      const seen = await series()
      expect(performance.now() - begun).to.be.lessThan(5000)
      expect(seen).to.deep.equal([0, 1, null, null])
    }, 40_000)

    proxy.setFault('pass')
    await eventually(async () => expect(await series()).to.deep.equal([1, 1, 0, 1]), 60_000)
  })
})
