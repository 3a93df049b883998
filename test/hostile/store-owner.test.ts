import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { withDatabase } from '../embedded/engine.ts'
import { json, register, uploadFile } from '../support/app/client.ts'
import { databaseUri } from '../support/app/mongo.ts'
import { killAll, runProcess, type ServiceProcess, startProcess } from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'
import { type FakeS3, startFakeS3 } from '../support/s3/fake-s3.ts'

type Env = Record<string, string>

const FOREIGN = /belongs to another database/
const readiness = async ({ origin }: ServiceProcess) => (await fetch(`${origin}/readyz`)).status
const untilReady = (service: ServiceProcess) =>
  eventually(async () => expect(await readiness(service)).to.equal(200), 30_000)

async function run(command: string, env: Env, ...args: string[]): Promise<{ code: unknown; said: string }> {
  const given = args.map((arg) => `'${arg}'`).join(' ')
  const { ended, output } = runProcess(env, `commands/${command}.ts`, `set -- "$@" ${given}`)
  return { code: await ended, said: output() }
}

/** Asserts that the service serves reads and refuses writes with the reason. */
async function expectReadOnly(service: ServiceProcess): Promise<void> {
  await eventually(() => expect(service.output()).to.match(FOREIGN), 30_000)
  const ready = await fetch(`${service.origin}/readyz`)
  expect([ready.status, await ready.text()].join()).to.match(/^503.*belongs to another database/)
  const refused = await fetch(`${service.origin}/api/auth/register`, json({ username: 'ada' }))
  expect([refused.status, await refused.text()].join()).to.match(/^503.*belongs to another database/)
  expect((await fetch(`${service.origin}/api/assets`)).status).to.equal(200)
  expect((await fetch(`${service.origin}/healthz`)).status).to.equal(200)
}

async function expectClean(env: Env, ...args: string[]): Promise<void> {
  const { code, said } = await run('storage-check', env, '--grace', '0', ...args)
  expect(code, said).to.equal(0)
  expect(said).to.match(/^Store and documents agree\.$/m)
}

/** Returns the environment variables for a fake bucket. */
const bucketOf = ({ endpoint, name }: FakeS3): Env => ({
  S3_ENDPOINT: endpoint,
  S3_BUCKET: name,
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'secret',
})

describe('two services on one store', function () {
  this.timeout(240_000)
  let folder: string
  let databases: string[]

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-owner-'))
    databases = []
  })
  afterEach(async () => {
    await killAll()
    for (const uri of databases) {
      const connection = await mongoose.createConnection(uri).asPromise()
      await connection.dropDatabase()
      await connection.close()
    }
    await rm(folder, { recursive: true, force: true })
  })

  async function newDatabase(): Promise<string> {
    const uri = withDatabase(await databaseUri(), `kura-owner-${randomBytes(6).toString('hex')}`)
    databases.push(uri)
    return uri
  }

  it('start – DATA_DIR marked by another database → read-only, commands refuse, nothing is removed', async () => {
    const first: Env = { DATA_DIR: folder, MONGODB_URI: await newDatabase() }
    const second: Env = { DATA_DIR: folder, MONGODB_URI: await newDatabase() }
    const owner = await startProcess(first)
    await untilReady(owner)
    await uploadFile(await register(owner.origin), randomBytes(1000))
    const mark = await readFile(join(folder, 'objects/.kura'), 'utf8')

    const stranger = await startProcess(second)
    await expectReadOnly(stranger)
    for (const [command, ...args] of [
      ['storage-check'],
      ['storage-check', '--fix', '--grace', '0'],
      ['space-reconcile'],
    ]) {
      const { code, said } = await run(String(command), second, ...args)
      expect(code, said).to.equal(1)
      expect(said).to.match(FOREIGN).and.not.contain('    at ')
    }
    await expectClean(first)
    expect(await readFile(join(folder, 'objects/.kura'), 'utf8')).to.equal(mark)
    expect(await readiness(owner)).to.equal(200)

    // the owner no longer exists, and an operator deleted its mark
    owner.signal('SIGTERM')
    await owner.ended
    await rm(join(folder, 'objects/.kura'))
    await untilReady(stranger)
  })

  it('restore – bucket of another database → refused; --take-bucket → rewritten, the former owner is read-only', async () => {
    const s3 = await startFakeS3()
    const bucket = bucketOf(s3)
    try {
      const first: Env = { DATA_DIR: folder, MONGODB_URI: await newDatabase(), ...bucket }
      const second: Env = { ...first, MONGODB_URI: await newDatabase() }
      const owner = await startProcess(first)
      await untilReady(owner)
      await uploadFile(await register(owner.origin), randomBytes(1000))
      const backup = join(folder, 'backup')
      expect((await run('backup', first, backup, '--objects')).code).to.equal(0)
      const before = s3.objects.get('.kura')?.bytes.toString()

      const refused = await run('restore', second, backup)
      expect(refused.code).to.equal(1)
      expect(refused.said).to.match(FOREIGN).and.contain('--take-bucket').and.not.contain('    at ')
      expect(s3.objects.get('.kura')?.bytes.toString()).to.equal(before)
      const taken = await run('restore', second, backup, '--take-bucket')
      expect(taken.code, taken.said).to.equal(0)
      expect(s3.objects.get('.kura')?.bytes.toString())
        .to.match(/^[0-9a-f-]{36}\n$/)
        .and.not.equal(before)

      const heir = await startProcess(second)
      await untilReady(heir)
      owner.signal('SIGKILL')
      await owner.ended
      await expectReadOnly(await startProcess(first))
      await expectClean(second)
      // a restore to its own bucket needs no --take-bucket
      expect((await run('restore', second, backup, '--replace')).code).to.equal(0)
      await untilReady(heir)
    } finally {
      await killAll()
      await s3.close()
    }
  })

  for (const conditions of ['honoured', 'ignored', 'not implemented'] as const)
    it(`start – two concurrent first starts, If-None-Match ${conditions} → one serves, one is read-only`, async () => {
      const s3 = await startFakeS3()
      s3.conditions = conditions
      const bucket = bucketOf(s3)
      try {
        const uris = [await newDatabase(), await newDatabase()]
        const services = await Promise.all(
          uris.map((MONGODB_URI, n) =>
            startProcess({ DATA_DIR: join(folder, String(n)), MONGODB_URI, ...bucket }),
          ),
        )
        const decided = async () =>
          Promise.all(
            services.map(async (service) =>
              FOREIGN.test(service.output()) ? 'foreign' : await readiness(service),
            ),
          )
        await eventually(async () => expect(await decided()).to.have.members([200, 'foreign']), 30_000)
      } finally {
        await killAll()
        await s3.close()
      }
    })

  it('S3_PREFIX – two services in one bucket with different prefixes → each reads only its own objects', async () => {
    const s3 = await startFakeS3()
    const bucket = bucketOf(s3)
    try {
      const prefixes = ['', 'team/a', 'team/a/b/']
      for (const [n, S3_PREFIX] of prefixes.entries()) {
        const env: Env = {
          DATA_DIR: join(folder, String(n)),
          MONGODB_URI: await newDatabase(),
          S3_PREFIX,
          ...bucket,
        }
        const service = await startProcess(env)
        await untilReady(service)
        const ada = await register(service.origin)
        const bytes = randomBytes(1000)
        const path = await uploadFile(ada, bytes)
        const headers = { Authorization: `Bearer ${ada.token}` }
        const answer = await fetch(`${service.origin}${path}`, { headers })
        expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).to.equal(true)
        await expectClean(env, '--fix')
      }
      const keys = [...s3.objects.keys()].map((key) => key.replace(/[0-9a-f-]{36}\/[0-9a-f-]{36}\/\d+$/, '*'))
      expect(keys.sort()).to.deep.equal([
        '*',
        '.kura',
        'team/a/*',
        'team/a/.kura',
        'team/a/b/*',
        'team/a/b/.kura',
      ])
    } finally {
      await killAll()
      await s3.close()
    }
  })
})
