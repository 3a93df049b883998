import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { readMetrics, sumOf } from '../support/app/metrics.ts'
import { killAll, type ServiceProcess, startProcess } from '../support/app/process.ts'
import {
  addressesIn,
  answerOf,
  clientOf,
  PROXIES,
  type ProxyClient,
  type RunningProxy,
  registerBy,
  requireLoopbackNetwork,
  startProxy,
} from '../support/app/proxies.ts'
import { closeSockets, SocketClient } from '../support/app/socket.ts'
import { eventually } from '../support/eventually.ts'
import { outputOf, requireProgram } from '../support/programs.ts'

const MB = 1_000_000
const SIZE = 20 * MB
/** Quota of each user. */
const SPACE = 100 * MB
/** Registrations per hour of an address. */
const REGISTRATIONS = 4

const content = randomBytes(SIZE)
const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const sha256 = sha256Of(content)

const parsed = (bytes: Buffer) => JSON.parse(bytes.toString())

describe('docs/proxies', function () {
  this.timeout(120_000)
  let folder: string
  let service: ServiceProcess

  before(async function () {
    requireLoopbackNetwork(this)
    requireProgram(this, 'openssl')
    folder = await mkdtemp(join(tmpdir(), 'kura-proxies-'))
    service = await startProcess({
      DATA_DIR: join(folder, 'data'),
      TRUST_PROXY: '1',
      REGISTRATIONS_PER_HOUR: String(REGISTRATIONS),
      USER_SPACE_BYTES: String(SPACE),
    })
    await eventually(
      async () => expect((await fetch(`${service.origin}/readyz`)).status).to.equal(200),
      30_000,
    )
  })
  after(async () => {
    await closeSockets()
    await killAll()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  for (const [n, name] of (Object.keys(PROXIES) as (keyof typeof PROXIES)[]).entries())
    describe(name, () => {
      const network = `127.0.${n + 1}`
      const address = `${network}.10`
      const clients: ProxyClient[] = []
      let proxy: RunningProxy
      let client: ProxyClient
      let token: string
      let signedIn: Record<string, string>
      let path: string

      const connectFrom = (to: RunningProxy, from = address) => {
        const made = clientOf(to, from)
        clients.push(made)
        return made
      }

      before(async function () {
        requireProgram(this, name)
        proxy = await startProxy(name, 'host', service.origin, folder)
        client = connectFrom(proxy)
        ;({ token } = await registerBy(client))
        signedIn = { Authorization: `Bearer ${token}` }
      })
      after(async () => {
        for (const one of clients) one.close()
        await proxy?.stop()
      })

      for (const [how, header, size] of [
        ['with a length', 'Content-Length', SIZE],
        ['without a length', 'Transfer-Encoding', 3 * MB],
      ] as const)
        it(`PUT /api/files – ${size / MB} MB ${how} → the service reads it before it is sent; stored`, async () => {
          const value = header === 'Content-Length' ? String(size) : 'chunked'
          const upload = client.begin('PUT', '/api/files/chair.bin', { ...signedIn, [header]: value })
          const answered = answerOf(upload)
          upload.write(content.subarray(0, MB))
          await eventually(async () =>
            expect(sumOf(await readMetrics(service.origin), 'kura_uploads_running')).to.equal(1),
          )
          upload.end(content.subarray(MB, size))
          const { status, bytes } = await answered
          expect(status, bytes.toString()).to.equal(201)
          const [file] = parsed(bytes).res.asset.files
          expect(file).to.include({ size, sha256: sha256Of(content.subarray(0, size)) })
          if (size === SIZE) path = file.url
        })

      it('PUT /api/files – 20 MB by HTTP/2 → stored', async function () {
        requireProgram(this, 'curl')
        await writeFile(join(folder, 'content'), content)
        await writeFile(join(folder, 'cert.pem'), proxy.certificate)
        const how = [
          '-q',
          '-sS',
          '--http2',
          '--cacert',
          join(folder, 'cert.pem'),
          '-T',
          join(folder, 'content'),
        ]
        const seen = ['-H', `Authorization: Bearer ${token}`, '-w', '\n%{http_version}']
        const output = await outputOf('curl', [...how, ...seen, `${proxy.origin}/api/files/table.bin`])
        const [text, version] = output.split(/\n(?=\d+$)/)
        expect(version).to.equal('2')
        expect(JSON.parse(String(text)).res.asset.files[0]).to.include({ sha256 })
      })

      it('PUT /api/files – refused while its bytes arrive → the JSON answer of the service', async () => {
        for (const [headers, status, code] of [
          [{}, 401, 'unauthenticated'],
          [signedIn, 507, 'space_exceeded'],
        ] as const) {
          const length = { 'Content-Length': String(SPACE + 1) }
          const upload = client.begin('PUT', '/api/files/chair.bin', { ...headers, ...length })
          upload.on('error', () => undefined)
          const answered = answerOf(upload)
          let isAnswered = false
          upload.once('response', () => {
            isAnswered = true
          })
          for (let sent = 0; !isAnswered && sent + SIZE < SPACE; sent += MB) {
            upload.write(content.subarray(0, MB))
            await pause(5)
          }
          const { status: seen, bytes } = await answered
          expect([seen, parsed(bytes).err.code]).to.deep.equal([status, code])
          upload.destroy()
        }
      })

      it('GET …/download – a range, and a client that reads slowly → the bytes; nothing on the disk of the proxy', async () => {
        const range = await client.ask('GET', path, { ...signedIn, Range: 'bytes=1000-1999' })
        expect(range.status).to.equal(206)
        expect(range.headers['content-range']).to.equal(`bytes 1000-1999/${SIZE}`)
        expect(range.bytes.equals(content.subarray(1000, 2000))).to.equal(true)
        expect(range.headers).to.not.have.any.keys('age', 'x-cache', 'x-cache-status')

        const download = client.begin('GET', path, signedIn)
        download.end()
        const [res] = (await once(download, 'response')) as [IncomingMessage]
        await once(res, 'readable')
        const parts = createHash('sha256')
        const openDuring = new Set<string>()
        for await (const part of res) {
          parts.update(part)
          if (openDuring.size === 0) for (const file of await proxy.openFiles()) openDuring.add(file)
        }
        expect([...openDuring]).to.deep.equal([])
        expect(parts.digest('hex')).to.equal(sha256)
      })

      it('GET /ws – subscription, ping, event → answered', async () => {
        const how = { ca: proxy.certificate, localAddress: address, family: 4 } as const
        const foreign = SocketClient.open(proxy.origin, { ...how, origin: 'https://evil.example' })
        expect(String(await foreign.catch((error: Error) => error))).to.contain('403')
        const socket = await SocketClient.open(proxy.origin, { ...how, origin: proxy.origin })
        await socket.expect('auth', { token })
        await socket.expect('subscribe')
        const pong = once(socket.socket, 'pong')
        socket.socket.ping('kura')
        expect(String((await pong)[0])).to.equal('kura')
        const { status } = await client.ask('PUT', '/api/files/small.txt', signedIn, 'small')
        expect(status).to.equal(201)
        await socket.find(({ event, asset }) => event === 'asset.created' && asset?.name === 'small.txt')
        socket.close()
        expect((await socket.closed).code).to.equal(1005)
      })

      it('GET /api/assets – 200 requests on kept connections → no error of the proxy', async () => {
        const answers = await Promise.all(
          Array.from({ length: 8 }, async () => {
            const statuses: number[] = []
            for (let n = 0; n < 25; n++) {
              const { status } = await client.ask('GET', '/api/assets?scope=mine&limit=1', signedIn)
              statuses.push(status)
            }
            return statuses
          }),
        )
        expect(new Set(answers.flat())).to.deep.equal(new Set([200]))
      })

      it('POST /api/auth/register – forged X-Forwarded-For → the address of the connection in the log and in the limit', async () => {
        const [first, second] = [`${network}.11`, `${network}.12`]
        const [here, other] = [connectFrom(proxy, first), connectFrom(proxy, second)]
        const forged = { 'X-Forwarded-For': '203.0.113.9', Forwarded: 'for=203.0.113.9' }
        const send = (from: ProxyClient, id: string) =>
          registerBy(from, { headers: { ...forged, 'X-Request-Id': id } })
        for (let n = 0; n < REGISTRATIONS; n++)
          expect((await send(here, `${name}-here`)).status).to.equal(201)
        expect((await send(here, `${name}-here`)).status).to.equal(429)
        expect((await send(other, `${name}-other`)).status).to.equal(201)
        await eventually(() => {
          const lines = service.output().split('\n')
          for (const [id, from] of [
            [`${name}-here`, first],
            [`${name}-other`, second],
          ]) {
            const line = lines.find((one) => one.includes(`"${id}"`))
            expect(line, id).to.be.a('string').and.contain(`"${from}"`).and.not.contain('203.0.113.9')
          }
        })
        const { checks } = (await (await fetch(`${service.origin}/readyz`)).json()) as {
          checks: { proxy: string }
        }
        expect(checks.proxy).to.equal('ok')
      })

      it('GET of a signed URL – any → the proxy logs no path', async () => {
        const list = await client.ask('GET', '/api/assets?scope=mine&signed=1&limit=1', signedIn)
        const signed = addressesIn(parsed(list.bytes)).find((one) => one.includes('/api/signed/'))
        expect((await client.ask('GET', String(signed))).status).to.equal(200)
        await pause(50)
        expect(await proxy.logged()).to.not.include('/api/')
      })

      it('GET http:// – any path → redirect to https', async () => {
        const sent = get({
          host: '127.0.0.1',
          port: proxy.plainPort,
          path: '/docs?a=1',
          headers: { Host: 'localhost' },
        })
        const [res] = (await once(sent, 'response')) as [IncomingMessage]
        res.resume()
        expect(res.statusCode).to.equal(308)
        expect(res.headers.location).to.match(/^https:\/\/localhost(?::\d+)?\/docs\?a=1$/)
      })

      it('GET /collections – forged X-Forwarded-Host → addresses with the host of the request', async () => {
        const forged = { ...signedIn, 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'http' }
        const { bytes } = await client.ask('GET', '/collections', forged)
        const addresses = addressesIn(parsed(bytes))
        expect(addresses).to.not.have.length(0)
        for (const one of addresses) expect(one.startsWith(`${proxy.origin}/`), one).to.equal(true)
      })
    })
})
