import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { register } from '../support/app/client.ts'
import { killAll, type ServiceProcess, startProcess } from '../support/app/process.ts'
import { rawConnection } from '../support/app/raw-socket.ts'
import { eventually } from '../support/eventually.ts'

const UUID = /^[0-9a-f-]{36}$/
const UPGRADES = 200

/** Sends bytes on a new connection. Returns the answer until the connection closes. */
async function exchange(origin: string, bytes: string): Promise<string> {
  const socket = await rawConnection(origin)
  socket.write(bytes)
  return text(socket)
}

/** Parses the only answer in a text. */
function answerIn(received: string) {
  const [head = '', body = ''] = received.split('\r\n\r\n')
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]
  const { err } = JSON.parse(body) as { err: { code: string; requestId: string } }
  return { status: Number(head.split(' ')[1]), header, err }
}

describe('hostile HTTP', function () {
  this.timeout(120_000)
  let folder: string
  let service: ServiceProcess

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-hostile-'))
    service = await startProcess({ DATA_DIR: folder, MAX_CONNECTIONS: '300' })
    await register(service.origin)
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })
  afterEach(async () => {
    expect(service.hasEnded(), service.output().slice(-2000)).to.equal(false)
    expect((await fetch(`${service.origin}/healthz`)).status).to.equal(200)
    expect(service.output()).to.not.match(/"level":(?:50|60)|MaxListenersExceeded/)
  })

  const UNPARSED: [name: string, bytes: string, status: number, code: string][] = [
    ['no HTTP', 'hello\r\n\r\n', 400, 'malformed_request'],
    ['TLS', '\x16\x03\x01\x02\x00\x01', 400, 'malformed_request'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'malformed_request'],
    ['an unknown method', 'FOO / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'malformed_request'],
    ['a header without a name', 'GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n', 400, 'malformed_request'],
    ['no Host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'malformed_request'],
    [
      'two Hosts',
      'GET /healthz HTTP/1.1\r\nHost: a\r\nhost: b\r\nConnection: close\r\n\r\n',
      400,
      'malformed_request',
    ],
    [
      'a header over 16 kB',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(200_000)}\r\n\r\n`,
      431,
      'too_large',
    ],
    ['an address over 16 kB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431, 'too_large'],
    [
      'two lengths',
      'POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
      'malformed_request',
    ],
    [
      'a length beside chunks',
      'POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
      'malformed_request',
    ],
    [
      'a malformed chunk',
      'POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
      400,
      'malformed_request',
    ],
    [
      'a malformed chunk of a client that closes the connection',
      'PUT /api/files/a.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
      400,
      'malformed_request',
    ],
    [
      'an unknown Transfer-Encoding of a client that closes the connection',
      'POST /api/assets HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: gzip\r\n\r\nabc',
      400,
      'malformed_request',
    ],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 405, 'method_not_allowed'],
    [
      'a WebSocket handshake without a key',
      'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n',
      400,
      'malformed_request',
    ],
    [
      'a WebSocket handshake of another version',
      'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n',
      400,
      'malformed_request',
    ],
  ]
  for (const [name, bytes, status, code] of UNPARSED)
    it(`request – ${name} → ${status} ${code} in the envelope, connection closed`, async () => {
      const answer = answerIn(await exchange(service.origin, bytes))
      expect([answer.status, answer.err.code]).to.deep.equal([status, code])
      expect(answer.header('X-Request-Id')).to.match(UUID).and.equal(answer.err.requestId)
      expect(answer.header('Connection')).to.equal('close')
      expect(answer.header('Content-Type')).to.contain('application/json')
    })

  it('request – unknown Expect header → ignored', async () => {
    const received = await exchange(
      service.origin,
      'GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nConnection: close\r\n\r\n',
    )
    expect(received).to.match(/^HTTP\/1\.1 200 /)
  })

  it('request – malformed after a valid one → both answered in order', async () => {
    const received = await exchange(
      service.origin,
      'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nFOO / HTTP/1.1\r\n\r\n',
    )
    expect(received.match(/HTTP\/1\.1 \d+/g)).to.deep.equal(['HTTP/1.1 200', 'HTTP/1.1 400'])
  })

  const upgrade = (path: string, protocol: string) =>
    `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`
  for (const [name, request] of [
    ['h2c', upgrade('/healthz', 'h2c')],
    ['WebSocket on another path', upgrade('/healthz', 'websocket')],
    ['WebSocket without a key', upgrade('/ws', 'websocket')],
  ] as const)
    it(`${UPGRADES} pipelined upgrades – ${name} → first one answered, connection closed`, async () => {
      const received = await exchange(service.origin, request.repeat(UPGRADES))
      expect(received.match(/HTTP\/1\.1 \d+/g)).to.deep.equal([
        `HTTP/1.1 ${name.endsWith('key') ? 400 : 200}`,
      ])
    })

  it(`${UPGRADES} pipelined upgrades – valid ones → one WebSocket, closed because of the others`, async () => {
    const one = `${upgrade('/ws', 'websocket').slice(0, -2)}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n`
    const received = await exchange(service.origin, one.repeat(UPGRADES))
    expect(received.match(/HTTP\/1\.1 \d+/g)).to.deep.equal(['HTTP/1.1 101'])
  })

  it('request – header, JSON body or form of either type over 20 s → 408 timeout, connection closed', async () => {
    const post = (path: string, type: string) =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: 100\r\n\r\n`
    const begun = Date.now()
    const slow = [
      ['', ''],
      ['GET /healthz HTTP/1.1\r\nHost: a\r\n', 'X'],
      [post('/api/auth/login', 'application/json'), '{'],
      [post('/api/auth/login', 'application/x-www-form-urlencoded'), 'a'],
      [post('/api/auth/login', 'multipart/form-data; boundary=b'), '-'],
    ] as const
    const answers = await Promise.all(
      slow.map(async ([head, drip]) => {
        const socket = await rawConnection(service.origin)
        socket.write(head)
        const dripping = setInterval(() => socket.write(drip), 1000)
        return text(socket).finally(() => clearInterval(dripping))
      }),
    )
    for (const answer of answers.map(answerIn))
      expect([answer.status, answer.err.code]).to.deep.equal([408, 'timeout'])
    expect(Date.now() - begun).to.be.within(19_000, 45_000)
  })

  it('connections – half-open handshakes over the limit of one address → closed, other addresses served', async () => {
    const sockets = await Promise.all(Array.from({ length: 400 }, () => rawConnection(service.origin)))
    for (const socket of sockets) socket.write(upgrade('/ws', 'websocket').slice(0, -2))
    await eventually(() => expect(sockets.filter(({ closed }) => !closed)).to.have.length.at.most(150))
    const address = { localAddress: '127.0.0.2', agent: false }
    const [answer] = (await once(get(`${service.origin}/healthz`, address), 'response')) as [IncomingMessage]
    expect(answer.resume().statusCode).to.equal(200)
    for (const socket of sockets) socket.destroy()
  })
})
