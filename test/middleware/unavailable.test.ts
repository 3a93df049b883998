import { expect } from 'chai'
import { mongo } from 'mongoose'
import { translateDiskError } from '../../app/storage/disk/file-system.ts'
import { translateS3Error } from '../../app/storage/s3/client.ts'
import { Asset } from '../../models/asset.ts'
import { Session } from '../../models/session.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { uploadRaw, withLength } from '../support/app/raw-upload.ts'
import { signUp, type TestUser } from '../support/app/users.ts'

const SECRET = '10.0.0.1:27017'
const unreachable = () => Promise.reject(new mongo.MongoNetworkError(`connect ECONNREFUSED ${SECRET}`))
const full = () => Promise.reject(new mongo.MongoServerError({ code: 14031, errmsg: `${SECRET} is full` }))
const diskError = (code: string) =>
  Object.assign(new Error(`${code}: ${SECRET}`), { code, syscall: 'read', path: SECRET })

/** Replaces a property. Returns a function that restores it. */
function replace<T extends object, K extends keyof T>(target: T, name: K, value: unknown): () => void {
  const before = target[name]
  target[name] = value as T[K]
  return () => {
    target[name] = before
  }
}

type Row = [what: string, status: number, code: string, text: RegExp, fail: (app: TestApp) => () => void]

const ROWS: Row[] = [
  [
    'starts',
    503,
    'unavailable',
    /is starting and waits for its database/,
    ({ context }) => replace(context, 'prepared', false),
  ],
  [
    'stops',
    503,
    'unavailable',
    /is stopping/,
    ({ context }) => replace(context, 'stopping', AbortSignal.abort()),
  ],
  [
    'cannot reach its database',
    503,
    'unavailable',
    /^The database does not answer/,
    () => replace(Session, 'findActive', unreachable),
  ],
  [
    'cannot read its disk',
    503,
    'unavailable',
    /^The file store does not answer/,
    ({ store }) => replace(store, 'open', () => Promise.reject(translateDiskError(diskError('EIO')))),
  ],
  [
    'cannot reach its bucket',
    503,
    'unavailable',
    /^The file store does not answer/,
    ({ store }) =>
      replace(store, 'open', () => Promise.reject(translateS3Error(new Error(`getaddrinfo ${SECRET}`)))),
  ],
]

describe('answers while something is away', () => {
  let app: TestApp
  let ada: TestUser
  let asset: AssetAnswer
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    asset = await uploadAsset(ada)
  })
  after(() => app.stop())

  const download = () => ada.get(`/api/assets/${asset.id}/download`)

  for (const [what, status, code, text, fail] of ROWS)
    it(`GET …/download – the service ${what} → ${status} that says so, nothing internal`, async () => {
      const end = fail(app)
      const answer = await download()
      end()
      const body = JSON.parse(answer.text || answer.body.toString())
      expect([answer.status, body.err.code]).to.deep.equal([status, code])
      expect(body.err.message).to.match(text)
      expect(answer.headers['retry-after']).to.match(/^\d+$/)
      expect(JSON.stringify(body)).to.not.contain(SECRET)
      await download().expect(200)
    })

  it('GET …/download – the database is full → 200, although neither access nor download can be recorded', async () => {
    const { downloads } = await Asset.findById(asset.id).orFail()
    const ends = [replace(Session, 'touch', full), replace(Asset, 'recordDownload', full)]
    await download().expect(200)
    for (const end of ends) end()
    expect((await Asset.findById(asset.id).orFail()).downloads).to.equal(downloads)
  })

  it('POST /api/assets – the disk of the store has no room → 507 before the body is read', async () => {
    const bytes = Buffer.alloc(1_000_000)
    for (const [free, how] of [
      [1000, withLength(bytes)],
      [0, {}],
    ] as const) {
      const end = replace(app.store, 'freeBytes', async () => free)
      const answer = await uploadRaw({ origin: app.origin, token: ada.token }, bytes, how)
      end()
      expect(answer).to.include({ status: 507, code: 'server_full' })
    }
    const { body: space } = await ada.get('/api/space').expect(200)
    expect(space.res).to.include({ reserved: 0, files: 1 })
  })
})
