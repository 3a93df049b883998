import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { register, send, uploadFile } from '../support/app/client.ts'
import { killAll, type ServiceProcess, startProcess } from '../support/app/process.ts'
import { rawConnection } from '../support/app/raw-socket.ts'
import { eventually } from '../support/eventually.ts'

const CLIENT = '203.0.113.7'
/** More bytes than the buffers of a connection hold. */
const LARGE = Buffer.alloc(30_000_000)

interface Line {
  level: number
  reqId: string
  req: { method: string; path: string; remoteAddress: string }
  res: { statusCode: number }
  msg: string
}

describe('request log behind a proxy', function () {
  this.timeout(120_000)
  let folder: string
  let service: ServiceProcess

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-request-log-'))
    service = await startProcess({ DATA_DIR: folder, LOG_LEVEL: 'info', TRUST_PROXY: '1' })
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  const lines = (id: string): Line[] =>
    service
      .output()
      .split('\n')
      .filter((line) => line.includes(`"reqId":"${id}"`))
      .map((line) => JSON.parse(line))
  /** Returns the line of a request; there is exactly one. */
  const lineOf = (id: string): Promise<Line> =>
    eventually(() => {
      const found = lines(id)
      expect(found, id).to.have.length(1)
      return found[0] as Line
    })
  const request = (path: string, id: string) =>
    fetch(`${service.origin}${path}`, { headers: { 'X-Request-Id': id, 'X-Forwarded-For': CLIENT } })

  it('GET /api/links/:token – X-Forwarded-For and a query → one line: address of the client, no token, no query', async () => {
    const token = 'Zm9vYmFyLXNlY3JldC10b2tlbi1vZi1hLWxpbms-_0A'
    await (await request(`/api/links/${token}?password=hidden`, 'with-token')).text()
    const { req, res, msg, level } = await lineOf('with-token')
    expect({ req, res, msg, level }).to.deep.equal({
      req: { method: 'GET', path: '/api/links/…', remoteAddress: CLIENT },
      res: { statusCode: 404 },
      msg: 'request completed',
      level: 30,
    })
    expect(service.output()).not.to.contain(token).and.not.contain('hidden')
  })

  it('GET /healthz, /readyz, /metrics – with and without a query → no line', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics', '/healthz?n=1', '/readyz?n=1'])
      await (await request(path, 'quiet')).text()
    await (await request('/api/assets', 'after-quiet')).text()
    await lineOf('after-quiet')
    expect(lines('quiet')).to.deep.equal([])
  })

  it('GET /api/assets/:id/files/:fileId – client disconnects in the middle → one line: request aborted, its address', async () => {
    const owner = await register(service.origin)
    const url = await uploadFile(owner, LARGE)
    const socket = await rawConnection(service.origin)
    socket.pause()
    socket.write(
      `GET ${url} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${owner.token}\r\nX-Request-Id: cut\r\nX-Forwarded-For: ${CLIENT}\r\n\r\n`,
    )
    await new Promise((resolve) => socket.once('readable', resolve))
    socket.destroy()
    const { msg, req, level, res } = await lineOf('cut')
    expect({ msg, address: req.remoteAddress, level, res }).to.deep.equal({
      msg: 'request aborted',
      address: CLIENT,
      level: 30,
      res: undefined,
    })
  })

  it('GET of a file – the folder of the store is missing → 503, a line with the cause and the line of the request, both with its id', async () => {
    const owner = await register(service.origin)
    const url = await uploadFile(owner, Buffer.from('lost'))
    await rm(join(folder, 'objects'), { recursive: true })
    const headers = { Authorization: `Bearer ${owner.token}`, 'X-Request-Id': 'lost' }
    const answer = await fetch(`${service.origin}${url}`, { headers })
    expect(answer.status).to.equal(503)
    await eventually(() => expect(lines('lost')).to.have.length(2))
    const [cause, line] = lines('lost') as [{ err: { stack: string } }, Line]
    expect(cause.err.stack).to.be.a('string')
    expect({ status: line.res.statusCode, msg: line.msg, level: line.level }).to.deep.equal({
      status: 503,
      msg: 'request errored',
      level: 40,
    })
    await send(`${service.origin}/api/assets`, { headers }, 200)
  })
})
