import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { register } from '../support/app/client.ts'
import { freePort } from '../support/app/http.ts'
import { killAll, startProcess } from '../support/app/process.ts'
import {
  type BodyRequest,
  byCurl,
  byFetch,
  byFetchWithLength,
  bySocket,
  type Send,
} from '../support/app/senders.ts'

const MB = 1_000_000
/** More bytes than the buffers of a loopback connection hold. */
const BODY_BYTES = 8 * MB
const TRIES = Number(process.env.EARLY_ANSWER_TRIES ?? 3)
const MULTIPART = 'multipart/form-data; boundary=b'

interface Refused extends BodyRequest {
  name: string
  status: number
  code: string
}

const BODY = Buffer.alloc(BODY_BYTES)

describe('early answers', function () {
  this.timeout(120_000)
  let folder: string
  let origin: string
  let refusals: Refused[]

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-early-'))
    const service = await startProcess({ DATA_DIR: folder, MAX_FILE_BYTES: '1000', LOG_LEVEL: 'warn' })
    origin = service.origin
    const { token } = await register(origin)
    const Authorization = `Bearer ${token}`
    const upload = { method: 'POST', path: '/api/assets', headers: { 'Content-Type': MULTIPART } }
    refusals = [
      { ...upload, name: 'without a token', status: 401, code: 'unauthenticated' },
      {
        ...upload,
        name: 'with a bad token',
        headers: { 'Content-Type': MULTIPART, Authorization: 'Bearer x' },
        status: 401,
        code: 'unauthenticated',
      },
      { ...upload, name: 'to an unknown route', path: '/api/nothing', status: 404, code: 'not_found' },
      { ...upload, name: 'by a wrong method', method: 'PUT', status: 405, code: 'method_not_allowed' },
      {
        ...upload,
        name: 'of another type',
        headers: { 'Content-Type': 'application/octet-stream', Authorization },
        status: 415,
        code: 'unsupported_media',
      },
      {
        name: 'of bytes over MAX_FILE_BYTES',
        method: 'PUT',
        path: '/api/files/a.bin',
        headers: { Authorization },
        status: 413,
        code: 'too_large',
      },
      {
        ...upload,
        name: 'of JSON over 100 kB',
        path: '/api/auth/login',
        headers: { 'Content-Type': 'application/json' },
        status: 413,
        code: 'too_large',
      },
      {
        ...upload,
        name: 'of a form over 100 kB',
        path: '/api/auth/login',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        status: 413,
        code: 'too_large',
      },
      {
        ...upload,
        name: 'of a multipart form that is none',
        path: '/api/auth/login',
        status: 400,
        code: 'malformed_upload',
      },
      {
        ...upload,
        name: 'that is no multipart body',
        headers: { 'Content-Type': MULTIPART, Authorization, 'Transfer-Encoding': 'chunked' },
        status: 400,
        code: 'malformed_upload',
      },
    ]
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  async function tryAll(address: string, send: Send, list = refusals) {
    const wrong: string[] = []
    for (const refused of list)
      for (let n = 0; n < TRIES; n++) {
        const { status, code } = refused
        const seen = await send(address, refused, BODY).catch((error) => `${error} ${error.cause ?? ''}`)
        if (JSON.stringify(seen) !== JSON.stringify({ status, code }))
          wrong.push(`${refused.name}: ${JSON.stringify(seen)}`)
      }
    if (process.env.EARLY_ANSWER_TRIES)
      process.stdout.write(`      ${list.length * TRIES - wrong.length} of ${list.length * TRIES} right\n`)
    expect(wrong).to.deep.equal([])
  }

  const ofLength = () => refusals.filter(({ headers }) => !('Transfer-Encoding' in headers))
  const chunkedByItself = () =>
    refusals.map(({ headers: { 'Transfer-Encoding': _, ...headers }, ...rest }) => ({ ...rest, headers }))

  it('early answer – fetch with a stream → answer received', () => tryAll(origin, byFetch, chunkedByItself()))
  it('early answer – fetch with a buffer → answer received', () =>
    tryAll(origin, byFetchWithLength, ofLength()))
  it('early answer – socket that writes all before it reads → answer received', () =>
    tryAll(origin, bySocket, ofLength()))

  it('early answer – curl, with and without Expect: 100-continue → answer received', async () => {
    await tryAll(origin, byCurl('-H', 'Expect:'), ofLength())
    // refused because of its header
    const byHead = ofLength().filter(({ status }) => status !== 413)
    await tryAll(origin, byCurl('-H', 'Expect: 100-continue'), byHead)
  })

  it('early answer – service is starting → 503', async () => {
    const uri = `mongodb://127.0.0.1:${await freePort()}/kura`
    const starting = await startProcess({ DATA_DIR: join(folder, 'starting'), MONGODB_URI: uri })
    const list = refusals.slice(0, 1).map((one) => ({ ...one, status: 503, code: 'unavailable' }))
    await tryAll(starting.origin, byFetch, list)
    await tryAll(starting.origin, bySocket, list)
  })

  it('early answer – endless body → answer at once, connection closed after 5 s', async () => {
    const begun = Date.now()
    const { text, answered, closed } = await sendWithoutEnd(Buffer.from('1\r\na\r\n'), 50)
    expect(text).to.match(/^HTTP\/1\.1 404 /)
    expect(answered - begun).to.be.lessThan(4500)
    expect(closed - begun)
      .to.be.greaterThan(4000)
      .and.lessThan(20_000)
  })

  it('early answer – endless fast body → connection closed after 64 MB', async () => {
    const piece = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536), Buffer.from('\r\n')])
    const { text, sent } = await sendWithoutEnd(piece, 0)
    expect(text).to.match(/^HTTP\/1\.1 404 /)
    expect(sent).to.be.lessThan(80 * MB)
  })

  /** Sends a piece every `ms` until the connection closes. */
  async function sendWithoutEnd(piece: Buffer, ms: number) {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1')
    let text = ''
    let answered = 0
    socket.setEncoding('latin1').on('data', (part: string) => {
      answered ||= Date.now()
      text += part
    })
    // the closed connection can reset bytes that are still being sent
    socket.on('error', () => undefined)
    socket.write('POST /api/nothing HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    while (!socket.closed) {
      if (!socket.write(piece))
        await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined)
      await delay(ms)
    }
    return { text, answered, closed: Date.now(), sent: socket.bytesWritten }
  }

  it('early answer – small body in the same packet as the header → connection serves the next request', async () => {
    const request = (path: string) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}`
    const socket = connect(Number(new URL(origin).port), '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part
    })
    socket.write(request('/api/nothing') + request('/api/nowhere'))
    socket.write(`GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    await new Promise((resolve) => socket.on('close', resolve))
    expect(text.match(/HTTP\/1\.1 \d+/g)).to.deep.equal(['HTTP/1.1 404', 'HTTP/1.1 404', 'HTTP/1.1 200'])
  })
})
