import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import { type Client, register, uploadFile } from '../../support/app/client.ts'
import { killAll, type ServiceProcess, startProcess } from '../../support/app/process.ts'
import { eventually } from '../../support/eventually.ts'

/** More bytes than the buffers of both ends of a connection hold. */
const BYTES = randomBytes(24_000_000)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('SIGTERM', function () {
  this.timeout(120_000)
  let folder: string
  let service: ServiceProcess
  let client: Client
  let path: string

  /** Begins a download and does not read it. */
  const beginDownload = async (): Promise<IncomingMessage> => {
    const headers = { Authorization: `Bearer ${client.token}` }
    const request = get(new URL(path, service.origin), { headers, agent: false })
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    expect(answer.statusCode).to.equal(200)
    return answer
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-drain-'))
    service = await startProcess({ DATA_DIR: folder })
    client = await register(service.origin)
    path = await uploadFile(client, BYTES)
  })
  afterEach(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  it('SIGTERM – slow download in progress → /readyz 503, new requests refused, download completes', async () => {
    const download = await beginDownload()
    service.signal('SIGTERM')
    await eventually(async () => {
      const answer = await fetch(`${service.origin}/readyz`)
      expect(answer.status).to.equal(503)
      const { err, checks } = (await answer.json()) as { err: { message: string }; checks: object }
      expect(err.message).to.equal('The service is stopping; try again later.')
      expect(checks).to.include({ database: 'ok', store: 'ok' })
    })
    expect((await fetch(`${service.origin}/healthz`)).status).to.equal(200)
    const refused = await fetch(`${service.origin}/api/assets`)
    expect(refused.status).to.equal(503)
    expect(refused.headers.get('Connection')).to.equal('close')
    expect(refused.headers.get('Retry-After')).to.match(/^\d+$/)

    expect(sha256(await buffer(download))).to.equal(sha256(BYTES))
    expect(await service.ended).to.equal(0)
    expect(service.output()).to.not.contain('Warning')
  })

  it('SIGTERM twice – slow download in progress → the process ends at once', async () => {
    const download = await beginDownload()
    const cut = once(download, 'error')
    service.signal('SIGTERM')
    await eventually(() => expect(service.output()).to.contain('stopping'))
    await eventually(() => {
      service.signal('SIGTERM')
      expect(service.hasEnded()).to.equal(true)
    })
    expect(await service.ended).to.equal(128 + 15)
    download.resume()
    await cut
  })
})
