import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { MARK } from '../../../app/storage/object-store.ts'
import { startEmbeddedMongo } from '../../../embedded/mongo/start.ts'
import { json, register, send, uploadFile } from '../../support/app/client.ts'
import { freePort } from '../../support/app/http.ts'
import { killAll, runProcess, startProcess } from '../../support/app/process.ts'
import { eventually } from '../../support/eventually.ts'
import { type FakeS3, startFakeS3 } from '../../support/s3/fake-s3.ts'

const status = async (address: string) => (await fetch(address)).status

describe('process', function () {
  this.timeout(120_000)
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-process-'))
  })
  afterEach(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  it('start – after kill -9 → accounts and files are there; folder or port in use → refused', async () => {
    const bytes = randomBytes(300_000)
    const first = await startProcess({ DATA_DIR: folder })
    const ada = await register(first.origin)
    const path = await uploadFile(ada, bytes)

    const second = runProcess({ DATA_DIR: folder })
    expect(await second.ended).to.equal(1)
    expect(second.output()).to.contain(`mongo is in use by process ${first.pid}`).and.not.contain('    at ')

    const port = new URL(first.origin).port
    const third = runProcess({ DATA_DIR: join(folder, 'other'), PORT: port })
    expect(await third.ended).to.equal(1)
    expect(third.output()).to.contain(`port ${port} is in use`).and.not.contain('    at ')

    first.signal('SIGKILL')
    expect(await first.ended).to.equal('SIGKILL')

    const again = await startProcess({ DATA_DIR: folder })
    const { username, password } = ada
    const login = json({ login: username, password })
    await send(`${again.origin}/api/auth/login`, login, 200)
    const headers = { Authorization: `Bearer ${ada.token}` }
    const answer = await fetch(new URL(path, again.origin), { headers })
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).to.equal(true)

    again.signal('SIGTERM')
    expect(await again.ended).to.equal(0)
    expect(again.output()).to.not.contain('"level":50')
  })

  it('start – database unreachable → listens, ready when it comes back', async () => {
    const socket = join(folder, 'late', 'mongo.sock')
    const uri = `mongodb://${encodeURIComponent(socket)}/kura?directConnection=true`
    const { origin, output, signal, ended } = await startProcess({ DATA_DIR: folder, MONGODB_URI: uri })
    expect(output()).to.contain('has not answered yet')
    expect(await status(`${origin}/healthz`)).to.equal(200)
    const ready = await fetch(`${origin}/readyz`)
    expect(ready.status).to.equal(503)
    const { checks } = (await ready.json()) as { checks: Record<string, string> }
    expect(checks).to.include({ store: 'ok', log: 'ok', proxy: 'ok' })
    for (const name of ['database', 'indexes', 'space']) expect(checks[name], name).to.match(/\.$/)
    const refused = await fetch(`${origin}/api/auth/register`, json({ username: 'ada' }))
    expect(refused.status).to.equal(503)
    expect(refused.headers.get('Retry-After')).to.match(/^\d+$/)
    expect(await refused.json()).to.have.nested.property('err.code', 'unavailable')
    expect(output()).to.not.contain('AppError')

    const database = await startEmbeddedMongo({ dir: join(folder, 'late') })
    try {
      await eventually(async () => expect(await status(`${origin}/readyz`)).to.equal(200), 30_000)
      await register(origin)
      signal('SIGTERM')
      expect(await ended).to.equal(0)
    } finally {
      await database.close()
    }
  })

  it('SIGTERM – database unreachable → exit without an error', async () => {
    const uri = `mongodb://127.0.0.1:${await freePort()}/kura`
    const { output, signal, ended } = await startProcess({ DATA_DIR: folder, MONGODB_URI: uri })
    const before = output().length
    signal('SIGTERM')
    expect(await ended).to.equal(0)
    expect(output().slice(before))
      .to.contain('stopping')
      .and.not.match(/"level":(50|60)|Error/)
  })

  const UNREACHABLE = [
    'mongodb://ada:hunter2@127.0.0.1:1,127.0.0.1:2/kura?replicaSet=rs0',
    'mongodb://ada:hunter2@%2Fnowhere%2Fmongodb.sock/kura',
    'mongodb+srv://ada:hunter2@database.invalid/kura',
  ]
  for (const uri of UNREACHABLE)
    it(`start – ${uri} → listens, /readyz 503, the password is not printed`, async () => {
      const { origin, output, signal, ended } = await startProcess({ DATA_DIR: folder, MONGODB_URI: uri })
      await eventually(() => expect(output()).to.contain('the database or the store is not ready'), 60_000)
      expect(await status(`${origin}/readyz`)).to.equal(503)
      signal('SIGTERM')
      expect(await ended).to.equal(0)
      expect(output()).to.not.contain('hunter2')
    })

  describe('with a bucket that does not answer', () => {
    let bucket: FakeS3
    beforeEach(async () => {
      bucket = await startFakeS3()
    })
    afterEach(() => bucket.close())

    it('start – bucket does not answer → listens, ready when it does', async () => {
      bucket.fault = () => 'stall'
      const { origin } = await startProcess({
        DATA_DIR: folder,
        S3_ENDPOINT: bucket.endpoint,
        S3_BUCKET: 'kura-test',
        AWS_ACCESS_KEY_ID: 'id',
        AWS_SECRET_ACCESS_KEY: 'secret',
      })
      expect(await status(`${origin}/readyz`)).to.equal(503)
      bucket.fault = () => undefined
      await eventually(async () => expect(await status(`${origin}/readyz`)).to.equal(200), 30_000)
      await uploadFile(await register(origin), randomBytes(1000))
      expect([...bucket.objects.keys()].filter((key) => key !== MARK)).to.have.length(1)
    })
  })

  it('start – DATA_DIR is a file → exit code 1, message without a stack', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    const { output, ended } = runProcess({ DATA_DIR: file })
    expect(await ended).to.equal(1)
    expect(output()).to.contain(file).and.to.contain('Check DATA_DIR').and.not.contain('    at ')
  })

  it('start – secret file is empty → exit code 1, message without a stack', async () => {
    await writeFile(join(folder, 'jwt-secret'), '')
    const { output, ended } = runProcess({ DATA_DIR: folder })
    expect(await ended).to.equal(1)
    expect(output()).to.contain('jwt-secret must hold a secret').and.not.contain('    at ')
  })

  it('start – several configuration errors → all listed', async () => {
    const { output, ended } = runProcess({ PORT: 'http', S3_ENDPOINT: 'here', NODE_ENV: 'production' })
    expect(await ended).to.equal(1)
    for (const name of ['PORT', 'S3_ENDPOINT', 'S3_BUCKET', 'MONGODB_URI', 'JWT_SECRET'])
      expect(output()).to.contain(`${name} must be`)
    expect(output()).to.not.contain('    at ')
  })
})
