import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rename, rm, stat, symlink, truncate } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { type Client, register, send } from '../support/app/client.ts'
import { killAll, type ServiceProcess, startProcess } from '../support/app/process.ts'
import { rawConnection } from '../support/app/raw-socket.ts'
import { eventually } from '../support/eventually.ts'
import { type FakeS3, startFakeS3 } from '../support/s3/fake-s3.ts'

const BYTES = randomBytes(3_000_000)
const CLIENTS = 60

interface Asset {
  id: string
  url: string
  files: { url: string }[]
}

/** Creates a public asset with several files. */
async function publish({ origin, token }: Client, files: Buffer[]): Promise<Asset> {
  const body = new FormData()
  body.append('visibility', 'public')
  for (const [n, file] of files.entries()) body.append('files', new Blob([file]), `${n}.bin`)
  const request = { method: 'POST', headers: { Authorization: `Bearer ${token}` }, body }
  return (await send<{ asset: Asset }>(`${origin}/api/assets`, request, 201)).asset
}

/** Reads an answer to its end. Returns whether it was complete. */
async function readsWhole(origin: string, path: string): Promise<boolean> {
  try {
    const answer = await fetch(`${origin}${path}`)
    await answer.arrayBuffer()
    return answer.status === 200
  } catch {
    return false
  }
}

/** Sends requests and disconnects after 0 to 30 ms. */
async function disconnectEarly(origin: string, path: string): Promise<void> {
  for (let n = 0; n < CLIENTS; n++) {
    const socket = await rawConnection(origin)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    await delay(n % 30)
    if (n % 2) socket.resetAndDestroy()
    else socket.destroy()
  }
}

describe('hostile downloads', function () {
  this.timeout(120_000)
  let folder: string
  let service: ServiceProcess
  let ada: Client

  /** Length of the output when the test began. */
  let begin: number
  beforeEach(() => {
    begin = service.output().length
  })
  afterEach(async () => {
    expect(service.hasEnded(), service.output().slice(-3000)).to.equal(false)
    expect((await fetch(`${service.origin}/healthz`)).status).to.equal(200)
    expect(service.output()).to.not.match(/"level":60|nothing (?:caught|handled)/)
  })

  const start = async (env: Record<string, string> = {}) => {
    folder = await mkdtemp(join(tmpdir(), 'kura-hostile-'))
    service = await startProcess({ DATA_DIR: folder, ...env })
    ada = await register(service.origin)
  }
  const end = async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  }
  const expectNoError = () => expect(service.output().slice(begin)).to.not.contain('"level":50')
  const pathsOf = ({ id, files }: Asset) => [String(files[0]?.url), `/api/assets/${id}/download`]

  describe('from the disk', () => {
    before(() => start())
    after(end)

    /** Returns the paths of the stored objects. */
    const objects = async () => {
      const root = join(folder, 'objects')
      const entries = await readdir(root, { recursive: true, withFileTypes: true })
      return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
    }

    it('GET file, zip – clients disconnect at any moment → service continues, no error', async () => {
      const asset = await publish(ada, [BYTES, BYTES])
      for (const path of [...pathsOf(asset), '/docs/swagger-ui-bundle.js'])
        await disconnectEarly(service.origin, path)
      expectNoError()
    })

    it('GET file, zip – disk fails before the first byte → only that answer fails', async () => {
      const asset = await publish(ada, [BYTES, BYTES])
      const other = await publish(ada, [Buffer.from('other')])
      const untouched = new Set(await objects())
      const broken = await publish(ada, [randomBytes(100), randomBytes(100)])
      for (const path of (await objects()).filter((one) => !untouched.has(one))) {
        // a file that can be opened but not read
        await rm(path)
        await symlink('/proc/self/mem', path)
      }
      for (const path of pathsOf(broken)) expect(await readsWhole(service.origin, path), path).to.equal(false)
      for (const path of [...pathsOf(asset), ...pathsOf(other)])
        expect(await readsWhole(service.origin, path), path).to.equal(true)
    })

    it('GET file – object shorter than recorded → connection closed', async () => {
      const asset = await publish(ada, [BYTES])
      for (const path of await objects()) await truncate(path, 1_000_000)
      expect(await readsWhole(service.origin, pathsOf(asset)[0] as string)).to.equal(false)
    })

    for (const [what, length] of [
      ['shorter than recorded', 1_000_000],
      ['empty', 0],
      ['longer than recorded', BYTES.length + 1],
    ] as const)
      for (const broken of [0, 1])
        it(`GET zip – object ${broken + 1} of 2 is ${what} → connection closed`, async () => {
          const asset = await publish(ada, [BYTES])
          const untouched = new Set(await objects())
          const two = await publish(ada, broken === 0 ? [BYTES, Buffer.from('a')] : [Buffer.from('a'), BYTES])
          const added = (await objects()).filter((one) => !untouched.has(one))
          for (const path of added) if ((await stat(path)).size === BYTES.length) await truncate(path, length)
          expect(await readsWhole(service.origin, pathsOf(two)[1] as string)).to.equal(false)
          expect(await readsWhole(service.origin, pathsOf(asset)[0] as string)).to.equal(true)
        })

    it('GET file, zip – folder deleted during the answer → answer ends, next requests refused', async () => {
      const asset = await publish(ada, [BYTES, BYTES])
      const [path, zip] = pathsOf(asset) as [string, string]
      const running = await Promise.all(
        [path, zip].map(async (one) => {
          const [answer] = await once(get(`${service.origin}${one}`, { agent: false }), 'response')
          return answer as IncomingMessage
        }),
      )
      await rename(join(folder, 'objects'), join(folder, 'elsewhere'))
      for (const answer of running) {
        answer.on('error', () => undefined).resume()
        if (!answer.closed) await new Promise((resolve) => answer.once('close', resolve))
      }
      expect((await fetch(`${service.origin}${path}`)).status).to.equal(503)
      expect(await readsWhole(service.origin, zip)).to.equal(false)
      await rename(join(folder, 'elsewhere'), join(folder, 'objects'))
      await eventually(async () => expect(await readsWhole(service.origin, path)).to.equal(true))
    })
  })

  describe('from a bucket', () => {
    let bucket: FakeS3
    before(async () => {
      bucket = await startFakeS3()
      await start({
        S3_ENDPOINT: bucket.endpoint,
        S3_BUCKET: 'kura-test',
        AWS_ACCESS_KEY_ID: 'id',
        AWS_SECRET_ACCESS_KEY: 'secret',
      })
    })
    afterEach(() => {
      bucket.fault = () => undefined
    })
    after(async () => {
      await end()
      await bucket.close()
    })

    it('GET file, zip – clients disconnect at any moment → service continues, no error', async () => {
      const asset = await publish(ada, [BYTES, BYTES])
      for (const path of pathsOf(asset)) await disconnectEarly(service.origin, path)
      bucket.fault = ({ operation }) => (operation === 'GetObject' ? 'pause' : undefined)
      for (const path of pathsOf(asset)) await disconnectEarly(service.origin, path)
      expectNoError()
    })

    for (const fault of ['reset', 'slow-down', 'deny'] as const)
      it(`GET file, zip – bucket fails with ${fault} → only that answer fails`, async () => {
        const asset = await publish(ada, [BYTES, BYTES])
        bucket.fault = ({ operation }) => (operation === 'GetObject' ? fault : undefined)
        for (const path of pathsOf(asset))
          expect(await readsWhole(service.origin, path), path).to.equal(false)
        bucket.fault = () => undefined
        for (const path of pathsOf(asset)) expect(await readsWhole(service.origin, path), path).to.equal(true)
      })
  })
})
