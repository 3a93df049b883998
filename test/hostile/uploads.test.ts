import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { withDatabase } from '../embedded/engine.ts'
import { type Client, json, register } from '../support/app/client.ts'
import { databaseUri } from '../support/app/mongo.ts'
import { killAll, type ServiceProcess, startProcess } from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'

const file = (name: string) =>
  `--b\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\n\r\n`
const OPEN = `${file('a.obj')}${'v 0 0 0\n'.repeat(20_000)}`

/** Uploads that the service must end with an answer. */
describe('stalled uploads', function () {
  this.timeout(180_000)
  let folder: string
  let service: ServiceProcess
  let database: mongoose.Connection

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-uploads-'))
    const uri = withDatabase(await databaseUri(), `kura-uploads-${process.pid}`)
    service = await startProcess({ DATA_DIR: folder, MONGODB_URI: uri, JWT_SECRET: 'x'.repeat(32) })
    database = await mongoose.createConnection(uri).asPromise()
  })
  after(async () => {
    await killAll()
    await database.dropDatabase()
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Begins an upload of 10 MB that never ends. */
  function begin(
    { origin, token }: Client,
    extra: string[] = [],
    target = 'POST /api/assets',
  ): { socket: Socket; text: () => string } {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1')
    let text = ''
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    socket.on('error', () => undefined)
    const lines = [
      `${target} HTTP/1.1`,
      'Host: a',
      `Authorization: Bearer ${token}`,
      ...(target.startsWith('PUT') ? [] : ['Content-Type: multipart/form-data; boundary=b']),
      'Content-Length: 10000000',
      ...extra,
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    return { socket, text: () => text }
  }

  const uploads = () => database.collection('users').countDocuments({ 'space.uploads.0': { $exists: true } })

  async function expectNothingLeft({ origin, token }: Client): Promise<void> {
    await eventually(async () => expect(await uploads()).to.equal(0), 10_000)
    const answer = await fetch(`${origin}/api/space`, { headers: { Authorization: `Bearer ${token}` } })
    const { res } = (await answer.json()) as { res: { reserved: number; files: number } }
    expect(res).to.include({ reserved: 0, files: 0 })
  }

  it('POST /api/assets – malformed part header after a file → 400, account deletion leaves no object', async () => {
    const ada = await register(service.origin)
    const { socket, text } = begin(ada)
    socket.write(
      `${OPEN}\r\n${file('b.obj')}${'v 1 1 1\n'.repeat(50_000)}\r\n--b\r\nContent-Disp\0osition: x\r\n\r\n`,
    )
    await eventually(() => expect(text()).to.match(/^HTTP\/1\.1 400 [\s\S]*"malformed_upload"/), 10_000)
    await expectNothingLeft(ada)
    const headers = { ...json({}).headers, Authorization: `Bearer ${ada.token}` }
    const deletion = { ...json({ password: ada.password }), method: 'DELETE', headers }
    expect((await fetch(`${service.origin}/api/users/me`, deletion)).status).to.equal(204)
    await eventually(async () => expect(await database.collection('users').countDocuments()).to.equal(0))
    socket.destroy()
  })

  it('POST /api/assets – client resets the connection mid-file → no object, reservation or document', async () => {
    const ada = await register(service.origin)
    for (let sent = 0; sent < 10; sent++) {
      const { socket } = begin(ada)
      socket.write(OPEN.slice(0, sent * 9000))
      await eventually(async () => expect(await uploads()).to.equal(1))
      socket.resetAndDestroy()
      await expectNothingLeft(ada)
    }
  })

  it('POST /api/assets, PUT /api/files/:filename – idle or slower than 10 kB/s for a minute → 408, no object, reservation or document', async () => {
    const ada = await register(service.origin)
    const silent = begin(ada)
    silent.socket.write(OPEN)
    const silentRaw = begin(ada, [], 'PUT /api/files/a.bin')
    silentRaw.socket.write('abc')
    const slow = begin(ada)
    slow.socket.write(OPEN.slice(0, 1000))
    const fast = begin(ada)
    fast.socket.write(OPEN)
    const answered = new AbortController()
    const feed = async ({ socket, text }: ReturnType<typeof begin>, bytes: number) => {
      while (!answered.signal.aborted && text() === '') {
        socket.write(Buffer.alloc(bytes, 'x'))
        await delay(500, undefined, { signal: answered.signal }).catch(() => undefined)
      }
    }
    const feeding = [feed(slow, 2000), feed(fast, 10_000)]
    for (const { text } of [silent, silentRaw, slow])
      await eventually(() => expect(text()).to.match(/^HTTP\/1\.1 408 [\s\S]*"timeout"/), 90_000)
    expect(slow.text()).to.contain('slower than 10000 bytes a second')
    expect(fast.text()).to.equal('')
    answered.abort()
    await Promise.all(feeding)
    fast.socket.destroy()
    await Promise.all([silent, silentRaw, slow].map(({ socket }) => socket.closed || once(socket, 'close')))
    await expectNothingLeft(ada)
  })

  it('POST /api/assets – Content-Range, Content-Encoding, no boundary → refused with a reason', async () => {
    const ada = await register(service.origin)
    const cases: [Record<string, string>, number, RegExp][] = [
      [{ 'Content-Range': 'bytes 0-99/200' }, 400, /Content-Range/],
      [{ 'Content-Encoding': 'gzip' }, 415, /Content-Encoding/],
      [{ 'Content-Type': 'multipart/form-data' }, 400, /has no boundary/],
      [{ 'Content-Type': 'multipart/form-data; boundary=' }, 400, /has no boundary/],
      [{ 'Content-Type': 'multipart/form-data; boundary=""' }, 400, /has no boundary/],
    ]
    for (const [headers, status, message] of cases) {
      const answer = await fetch(`${service.origin}/api/assets`, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${ada.token}`,
          'Content-Type': 'multipart/form-data; boundary=b',
          ...headers,
        },
        body: `${OPEN}\r\n--b--\r\n`,
      })
      expect(answer.status).to.equal(status)
      expect(await answer.text()).to.match(message)
    }
    await expectNothingLeft(ada)
  })
})
