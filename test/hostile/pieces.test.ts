import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { register, send } from '../support/app/client.ts'
import { killAll, type ServiceProcess, startProcess } from '../support/app/process.ts'
import { rawConnection } from '../support/app/raw-socket.ts'

const PIECES = 30_000
/** 11,000 pieces arrive in one read, 2,000 are accepted at once, and the others take 0.2 ms each. */
const LEAST_MS = (PIECES - 13_000) * 0.2
const BOUNDARY = 'pieces'

/** Returns a body in chunks of one byte. */
const inPieces = (body: string) => [...body].map((byte) => `1\r\n${byte}\r\n`).join('')

describe('bodies in chunks of one byte', function () {
  this.timeout(120_000)
  let folder: string
  let service: ServiceProcess
  let client: Awaited<ReturnType<typeof register>>

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-pieces-'))
    service = await startProcess({ DATA_DIR: folder })
    client = await register(service.origin)
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  /** Returns the answer and its duration in milliseconds. */
  async function post(path: string, type: string, body: string) {
    const socket = await rawConnection(service.origin)
    const begun = performance.now()
    const head = [
      `POST ${path} HTTP/1.1`,
      'Host: kura',
      'Connection: close',
      `Authorization: Bearer ${client.token}`,
      `Content-Type: ${type}`,
      'Transfer-Encoding: chunked',
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n${inPieces(body)}0\r\n\r\n`)
    return { answer: await text(socket), took: performance.now() - begun }
  }

  it('POST /api/auth/login – many small chunks → read at a limited rate', async () => {
    const { answer, took } = await post('/api/auth/login', 'application/json', '['.repeat(PIECES))
    expect(answer).to.match(/^HTTP\/1\.1 400 /)
    expect(took).to.be.at.least(LEAST_MS)
  })

  it('POST /api/assets – many small chunks → read at a limited rate, stored completely', async () => {
    const header = 'Content-Disposition: form-data; name="files"; filename="a.txt"'
    const content = 'kura '.repeat(PIECES / 5)
    const body = `--${BOUNDARY}\r\n${header}\r\n\r\n${content}\r\n--${BOUNDARY}--\r\n`
    const { answer, took } = await post('/api/assets', `multipart/form-data; boundary=${BOUNDARY}`, body)
    expect(answer).to.match(/^HTTP\/1\.1 201 /)
    expect(took).to.be.at.least(LEAST_MS)
    const [, url = ''] = /"url":"([^"]+\/files\/[^"]+)"/.exec(answer) ?? []
    const headers = { Authorization: `Bearer ${client.token}` }
    expect(await (await fetch(service.origin + url, { headers })).text()).to.equal(content)
    const space = await send<{ reserved: number }>(`${service.origin}/api/space`, { headers }, 200)
    expect(space.reserved).to.equal(0)
  })
})
