import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { register } from '../support/app/client.ts'
import { freePort } from '../support/app/http.ts'
import { hasNginx, startNginx } from '../support/app/nginx.ts'
import { killAll, startProcess } from '../support/app/process.ts'

const MB = 1_000_000
/** More bytes than the buffers of a loopback connection hold. */
const BODY_BYTES = 8 * MB
const TRIES = Number(process.env.EARLY_ANSWER_TRIES ?? 3)
const MULTIPART = 'multipart/form-data; boundary=b'

interface Refused {
  name: string
  method: string
  path: string
  headers: Record<string, string>
  status: number
  code: string
}

interface Answer {
  status: number
  code: string | undefined
}

type Send = (origin: string, refused: Refused) => Promise<Answer>

const codeOf = (text: string): string | undefined => JSON.parse(text).err?.code
const execute = promisify(execFile)

/** Yields a body of zeros in pieces, as a browser or a script streams a file. */
async function* pieces() {
  for (let sent = 0; sent < BODY_BYTES; sent += 65_536) yield Buffer.alloc(65_536)
}

const byFetch: Send = async (origin, { method, path, headers }) => {
  const request = { method, headers, body: ReadableStream.from(pieces()), duplex: 'half' }
  const answer = await fetch(`${origin}${path}`, request as unknown as RequestInit)
  return { status: answer.status, code: codeOf(await answer.text()) }
}

const byFetchWithLength: Send = async (origin, { method, path, headers }) => {
  const answer = await fetch(`${origin}${path}`, { method, headers, body: Buffer.alloc(BODY_BYTES) })
  return { status: answer.status, code: codeOf(await answer.text()) }
}

/** Writes the whole request before reading the answer. */
const bySocket: Send = (origin, { method, path, headers }) =>
  new Promise((resolve, reject) => {
    const { port } = new URL(origin)
    const socket = connect({ port: Number(port), host: '127.0.0.1' })
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const head = [`${method} ${path} HTTP/1.1`, 'Host: a', `Content-Length: ${BODY_BYTES}`, ...lines, '', '']
    let text = ''
    const decide = () => {
      const [first = '', body = ''] = text.split('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(first)?.[1])
      if (body.length < length || !body) return
      socket.destroy()
      resolve({ status: Number(first.slice(9, 12)), code: codeOf(body) })
    }
    socket.setEncoding('latin1').on('error', reject)
    socket.on('close', () => reject(new Error(`closed after ${JSON.stringify(text)}`)))
    socket.pause()
    socket.write(Buffer.concat([Buffer.from(head.join('\r\n')), Buffer.alloc(BODY_BYTES)]), () => {
      socket.on('data', (part: string) => {
        text += part
        decide()
      })
      socket.resume()
    })
  })

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
        const seen = await send(address, refused).catch((error) => `${error} ${error.cause ?? ''}`)
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
    const file = join(folder, 'body')
    await writeFile(file, Buffer.alloc(BODY_BYTES))
    const byCurl =
      (expectation: string): Send =>
      async (address, { method, path, headers }) => {
        const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
        const how = ['-sS', '-X', method, '-T', file, '-H', expectation, '-w', '\n%{http_code}', ...lines]
        const { stdout } = await execute('curl', [...how, `${address}${path}`])
        const [body = '', status] = stdout.split(/\n(?=\d+$)/)
        return { status: Number(status), code: codeOf(body) }
      }
    await tryAll(origin, byCurl('Expect:'))
    // refused because of its header
    const byHead = ofLength().filter(({ status }) => status !== 413)
    await tryAll(origin, byCurl('Expect: 100-continue'), byHead)
  })

  for (const buffering of ['on', 'off'] as const)
    it(`early answer – through nginx, request buffering ${buffering} → answer received`, async function () {
      if (!hasNginx) {
        process.stdout.write('      skipped: nginx is not installed\n')
        this.skip()
      }
      const nginx = await startNginx(origin, folder, buffering)
      try {
        await tryAll(nginx.origin, byFetch, chunkedByItself())
        await tryAll(nginx.origin, byFetchWithLength, ofLength())
        await tryAll(nginx.origin, bySocket, ofLength())
      } finally {
        await nginx.stop()
      }
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
