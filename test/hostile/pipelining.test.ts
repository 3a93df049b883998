import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { register, uploadFile } from '../support/app/client.ts'
import { killAll, type ServiceProcess, startProcess } from '../support/app/process.ts'
import { rawConnection } from '../support/app/raw-socket.ts'
import { eventually } from '../support/eventually.ts'

/** More bytes than the buffers of a connection hold. */
const FILE_BYTES = 20_000_000
const HANDSHAKE =
  'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n'

describe('pipelined requests', function () {
  this.timeout(120_000)
  let folder: string
  let service: ServiceProcess
  let client: Awaited<ReturnType<typeof register>>
  let file: string
  let asset: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-pipelining-'))
    service = await startProcess({ DATA_DIR: folder })
    client = await register(service.origin)
    file = await uploadFile(client, randomBytes(FILE_BYTES))
    asset = file.split('/').slice(0, 4).join('/')
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  const request = (path: string, method = 'GET') =>
    `${method} ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${client.token}\r\n\r\n`

  /** Returns the stored files that the process has open. */
  async function openFiles(): Promise<string[]> {
    const descriptors = `/proc/${service.pid}/fd`
    const all = await readdir(descriptors)
    const paths = await Promise.all(all.map((one) => readlink(join(descriptors, one)).catch(() => '')))
    return paths.filter((path) => path.startsWith(join(folder, 'objects')))
  }

  it('GET file – after an unread answer, connection reset → all files closed', async () => {
    const sockets = await Promise.all(Array.from({ length: 10 }, () => rawConnection(service.origin)))
    for (const socket of sockets) socket.pause().write(request(file).repeat(5))
    await eventually(async () => expect(await openFiles()).to.have.length.at.least(10))
    for (const socket of sockets) socket.resetAndDestroy()
    await eventually(async () => expect(await openFiles()).to.deep.equal([]))
  })

  it('GET asset – 50 on one connection → all answered in order', async () => {
    const socket = await rawConnection(service.origin)
    const paths = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? asset : '/healthz'))
    const last = request('/healthz').replace('Host', 'Connection: close\r\nHost')
    socket.write(paths.map((path) => request(path)).join('') + last)
    const answers = (await buffer(socket)).toString('latin1').split(/(?=HTTP\/1\.1 \d+ )/)
    expect(answers.map((answer) => answer.includes('"ok":true'))).to.deep.equal([
      ...paths.map((path) => path !== asset),
      true,
    ])
  })

  it('GET asset – 20,000 on one connection → connection closed, other clients served meanwhile', async () => {
    const socket = await rawConnection(service.origin)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume().write(request(asset).repeat(20_000))
    const begun = performance.now()
    expect((await fetch(`${service.origin}/healthz`)).status).to.equal(200)
    // 20,000 answers would take much longer
    expect(performance.now() - begun).to.be.below(5000)
    await closed
  })

  it('DELETE asset – after a request refused before its body → not served', async () => {
    const socket = await rawConnection(service.origin)
    const received = buffer(socket)
    socket.write('POST /api/assets HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n')
    await once(socket, 'data')
    socket.write(`0123456789${request(asset, 'DELETE')}`)
    expect((await received).toString('latin1'))
      .to.match(/^HTTP\/1\.1 401 /)
      .and.not.match(/ 204 /)
    const headers = { Authorization: `Bearer ${client.token}` }
    expect((await fetch(service.origin + asset, { headers })).status).to.equal(200)
  })

  it('WebSocket handshake – after a download → 101 after the last byte of the file', async () => {
    const socket = await rawConnection(service.origin)
    socket.write(request(file) + HANDSHAKE)
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    await eventually(
      () => expect(Buffer.concat(chunks.slice(-3)).includes('HTTP/1.1 101 ')).to.equal(true),
      20_000,
    )
    const received = Buffer.concat(chunks)
    const head = received.indexOf('\r\n\r\n') + 4
    expect(received.indexOf('HTTP/1.1 101 ') - head).to.equal(FILE_BYTES)
    socket.destroy()
  })

  it('SIGTERM – connections with unread answers reset → process ends at once', async () => {
    const socket = await rawConnection(service.origin)
    socket.pause().write(request(file).repeat(5))
    await eventually(async () => expect(await openFiles()).to.have.length.at.least(1))
    socket.resetAndDestroy()
    service.signal('SIGTERM')
    const first = await Promise.race([service.ended, delay(15_000, 'late')])
    expect(first).to.equal(0)
  })
})
