import { expect } from 'chai'
import { standardOutput } from '../../../config/log-output.ts'
import { Capacity, SERVER } from '../../../models/capacity.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'

const ALL_OK = { database: 'ok', indexes: 'ok', store: 'ok', space: 'ok', log: 'ok', proxy: 'ok' }
const gone = () => Promise.reject(new Error('mongodb://ada:hunter2@10.0.0.1 does not answer'))

/** Makes something fail. Returns what ends it. */
type Failure = (app: TestApp) => () => unknown

/** Replaces a property of an object until the returned function is called. */
function replace<T extends object, K extends keyof T>(target: T, name: K, value: T[K]): () => void {
  const before = target[name]
  target[name] = value
  return () => {
    target[name] = before
  }
}

const setCapacity = (change: object) => Capacity.updateOne({ _id: SERVER }, change)

const ROWS: [what: string, check: keyof typeof ALL_OK, status: number, text: RegExp, fail: Failure][] = [
  [
    'the database fails',
    'database',
    503,
    /^The database does not answer\.$/,
    () => replace(Capacity, 'spaceOf', gone),
  ],
  [
    'the database says nothing for 2 s',
    'database',
    503,
    /^The database does not answer\.$/,
    () => replace(Capacity, 'spaceOf', () => new Promise(() => undefined)),
  ],
  [
    'the database is not prepared',
    'database',
    503,
    /^The database is not prepared yet\.$/,
    ({ context }) => replace(context, 'prepared', false),
  ],
  [
    'unique indexes are missing',
    'indexes',
    503,
    /^No indexes\.$/,
    ({ context }) => replace(context, 'writesRefused', { check: 'indexes', message: 'No indexes.' }),
  ],
  [
    'the store fails',
    'store',
    503,
    /^The store does not answer\.$/,
    ({ store }) => replace(store, 'check', gone),
  ],
  [
    'the store says nothing for 2 s',
    'store',
    503,
    /^The store does not answer\.$/,
    ({ store }) => replace(store, 'check', () => new Promise(() => undefined)),
  ],
  [
    'the store is foreign',
    'store',
    503,
    /^Foreign\.$/,
    ({ context }) => replace(context, 'writesRefused', { check: 'store', message: 'Foreign.' }),
  ],
  [
    'the disk of the store has no room',
    'space',
    200,
    /^The disk of the store is full; uploads are refused\.$/,
    ({ store }) => replace(store, 'freeBytes', async () => 0),
  ],
  [
    'the disk of the database has no room',
    'space',
    200,
    /^The disk of the database is full\.$/,
    ({ context }) => replace(context.disks, 'database', async () => 0),
  ],
  [
    'lines of the log were dropped',
    'log',
    200,
    /^3 lines of the log/,
    () => replace(standardOutput, 'dropped', 3),
  ],
  [
    'a proxy is ignored',
    'proxy',
    200,
    /TRUST_PROXY is 0\.$/,
    ({ context }) => replace(context.proxyCheck, 'isIgnored', true),
  ],
]

describe('GET /readyz', function () {
  this.timeout(20_000)
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())

  it('GET /readyz – nothing is wrong → 200, every check ok', async () => {
    const { body } = await app.api.get('/readyz').expect(200)
    expect(body).to.deep.equal({ ok: true, checks: ALL_OK })
  })

  for (const [what, check, status, text, fail] of ROWS)
    it(`GET /readyz – ${what} → ${status}, ${check} says so`, async () => {
      const end = fail(app)
      const { body, headers } = await app.api.get('/readyz').expect(status)
      end()
      expect(body.checks).to.have.keys(...Object.keys(ALL_OK))
      expect(body.checks[check]).to.match(text)
      expect(JSON.stringify(body)).to.not.contain('hunter2')
      if (status === 503) {
        expect(body.err.code).to.equal('unavailable')
        expect(headers['retry-after']).to.match(/^\d+$/)
      } else expect(body.checks).to.deep.equal({ ...ALL_OK, [check]: body.checks[check] })
      await app.api.get('/readyz').expect(200)
    })

  it('GET /readyz – the capacity is used up → 200, space says so', async () => {
    const { server } = app.context.config.space
    await setCapacity({ 'space.used': server })
    const { body } = await app.api.get('/readyz').expect(200)
    expect(body.checks.space).to.match(/^The capacity of the server is used up/)
    await setCapacity({ 'space.used': server - 1 })
    expect((await app.api.get('/readyz').expect(200)).body.checks).to.deep.equal(ALL_OK)
  })
})
