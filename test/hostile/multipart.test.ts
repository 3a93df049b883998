import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import mongoose from 'mongoose'
import { withDatabase } from '../embedded/engine.ts'
import { type Client, register, uploadFile } from '../support/app/client.ts'
import { databaseUri } from '../support/app/mongo.ts'
import { killAll, runProcess, type ServiceProcess, startProcess } from '../support/app/process.ts'
import { bodies, type GeneratedBody } from '../support/data/multipart-grammar.ts'
import { eventually } from '../support/eventually.ts'
import { type FakeS3, startFakeS3 } from '../support/s3/fake-s3.ts'

const seed = Number(process.env.MULTIPART_SEED ?? 20_261_130)
const RUNS = Number(process.env.MULTIPART_RUNS ?? 250)

interface StoredFile {
  name: string
  sha256: string
  size: number
}

interface Answer {
  status: number
  err?: { code: string; message: string }
  files?: StoredFile[]
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** Sends a request in the given pieces, one packet each if possible, and reads the whole answer. */
function send(client: Client, method: string, path: string, body: GeneratedBody): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(client.origin)
    const socket = connect({ host, port: Number(port), noDelay: true })
    let text = ''
    socket.setEncoding('utf8').on('error', reject)
    socket.on('data', (part: string) => {
      text += part
    })
    socket.on('close', () => {
      const [head = '', json = ''] = text.split('\r\n\r\n')
      if (json === '') return reject(new Error(`no answer: ${head}`))
      const { res, err } = JSON.parse(json)
      resolve({ status: Number(head.slice(9, 12)), err, files: res?.asset.files })
    })
    socket.write(
      [
        `${method} ${path} HTTP/1.1`,
        'Host: a',
        'Connection: close',
        `Authorization: Bearer ${client.token}`,
        `Content-Type: ${body.contentType}`,
        `Content-Length: ${body.body.length}`,
        '',
        '',
      ].join('\r\n'),
    )
    const sizes = [...body.pieces]
    const write = (at: number): void => {
      if (at >= body.body.length || socket.destroyed) return
      const size = sizes.shift() ?? body.body.length
      socket.write(body.body.subarray(at, at + size))
      setImmediate(write, at + size)
    }
    write(0)
  })
}

for (const kind of ['disk', 's3'] as const)
  describe(`multipart bodies, stored on ${kind}`, function () {
    this.timeout(300_000)
    let folder: string
    let env: Record<string, string>
    let bucket: FakeS3 | undefined
    let service: ServiceProcess
    let ada: Client & { password: string }
    let uri: string

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'kura-multipart-'))
      await mkdir(join(folder, 'tmp'))
      uri = withDatabase(await databaseUri(), `kura-multipart-${kind}-${process.pid}`)
      bucket = kind === 's3' ? await startFakeS3() : undefined
      env = { DATA_DIR: folder, TMPDIR: join(folder, 'tmp'), MONGODB_URI: uri, JWT_SECRET: 'x'.repeat(32) }
      if (bucket)
        Object.assign(env, {
          S3_ENDPOINT: bucket.endpoint,
          S3_BUCKET: bucket.name,
          AWS_ACCESS_KEY_ID: 'id',
          AWS_SECRET_ACCESS_KEY: 'secret',
        })
      service = await startProcess(env)
      ada = await register(service.origin)
    })
    after(async () => {
      await killAll()
      await bucket?.close()
      const database = await mongoose.createConnection(uri).asPromise()
      await database.dropDatabase()
      await database.close()
      await rm(folder, { recursive: true, force: true })
    })

    const get = async (path: string) => {
      const answer = await fetch(`${service.origin}${path}`, {
        headers: { Authorization: `Bearer ${ada.token}` },
      })
      // biome-ignore lint/suspicious/noExplicitAny: the answers of several routes
      return ((await answer.json()) as { res: any }).res
    }

    /** Asserts that only the files in the answers are stored. */
    async function expectClean(files: number): Promise<void> {
      const database = await mongoose.createConnection(uri).asPromise()
      try {
        await eventually(async () => {
          const space = await get('/api/space')
          expect({ reserved: space.reserved, files: space.files }).to.deep.equal({ reserved: 0, files })
          const uploading = { 'space.uploads.0': { $exists: true } }
          expect(await database.collection('users').countDocuments(uploading)).to.equal(0)
          expect(await database.collection('assets').countDocuments({ state: { $ne: 'ready' } })).to.equal(0)
        })
      } finally {
        await database.close()
      }
      expect(await readdir(join(folder, 'tmp'))).to.deep.equal([])
      const check = runProcess(env, 'commands/storage-check.ts', `set -- "$@" --grace 0`)
      expect(await check.ended, check.output()).to.equal(0)
      expect(service.hasEnded()).to.equal(false)
      expect(service.output()).to.not.contain('"level":50')
    }

    it(`POST, PUT – generated parts → all stored or all refused (MULTIPART_SEED=${seed})`, async () => {
      const path = await uploadFile(ada, Buffer.from('the first'))
      const [, , , asset] = path.split('/')
      let replaced: StoredFile[] = (await get(`/api/assets/${asset}`)).asset.files
      let posted = 0
      let refused = 0
      const property = fc.asyncProperty(bodies, fc.boolean(), async (body, put) => {
        const answer = await (put
          ? send(ada, 'PUT', `/api/assets/${asset}/files`, body)
          : send(ada, 'POST', '/api/assets', body))
        if (body.files === null || body.files.length === 0) {
          refused += 1
          expect(answer.status, JSON.stringify(answer)).to.be.oneOf([400, 413, 415])
          if (put) expect((await get(`/api/assets/${asset}`)).asset.files).to.deep.equal(replaced)
          return
        }
        expect(answer.status, JSON.stringify(answer)).to.equal(put ? 200 : 201)
        const files = answer.files ?? []
        expect(files.map(({ name, sha256 }) => ({ name, sha256 }))).to.have.deep.members(
          body.files.map(({ name, bytes }) => ({ name, sha256: digest(bytes) })),
        )
        if (put) replaced = files
        else posted += files.length
      })
      await fc.assert(property, { seed, numRuns: RUNS, interruptAfterTimeLimit: 240_000 })
      expect(refused).to.be.within(1, RUNS - 1)
      await expectClean(posted + replaced.length)
    })
  })
