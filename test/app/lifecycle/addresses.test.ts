import { EventEmitter } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, get, type IncomingMessage, type Server } from 'node:http'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { json as readJson } from 'node:stream/consumers'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { addressKey, plainAddress } from '../../../app/auth/client-info.ts'
import { listen } from '../../../app/lifecycle/http-server.ts'
import { register } from '../../support/app/client.ts'
import { killAll, runProcess, type ServiceProcess, startProcess } from '../../support/app/process.ts'
import { eventually } from '../../support/eventually.ts'

const SECRET = 'a-secret-that-only-tests-use-of-32-characters-or-more'
const hasIPv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ family }) => family === 'IPv6'),
)

function open(url: string, headers: Record<string, string> = {}, agent?: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { headers, ...(agent ? { agent } : {}) }, resolve).on('error', reject)
  })
}

describe('plainAddress', () => {
  const ADDRESSES: [given: string | undefined, plain: string | undefined][] = [
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::1', '::1'],
    ['no address', 'no address'],
    [undefined, undefined],
  ]
  for (const [given, plain] of ADDRESSES)
    it(`plainAddress – ${given} → ${plain}`, () => {
      expect(plainAddress(given)).to.equal(plain)
      expect(addressKey(plainAddress(given))).to.equal(addressKey(given))
    })
})

describe('listen', () => {
  /** A server on a machine where some addresses cannot be used. */
  class FailingServer extends EventEmitter {
    readonly hosts: string[] = []

    constructor(readonly codes: Record<string, string>) {
      super()
    }

    listen(_port: number, host: string): void {
      this.hosts.push(host)
      const code = this.codes[host]
      setImmediate(() =>
        code ? this.emit('error', Object.assign(new Error(code), { code })) : this.emit('listening'),
      )
    }
  }
  const tried = async (host: string, codes: Record<string, string>) => {
    const server = new FailingServer(codes)
    await listen(server as unknown as Server, { host, port: 0 })
    return server.hosts
  }

  for (const code of ['EAFNOSUPPORT', 'EADDRNOTAVAIL'])
    it(`listen – ::, machine without IPv6 (${code}) → 0.0.0.0`, async () => {
      expect(await tried('::', { '::': code })).to.deep.equal(['::', '0.0.0.0'])
    })

  it('listen – ::, port in use; another address → the error', async () => {
    for (const [host, code] of [
      ['::', 'EADDRINUSE'],
      ['192.0.2.1', 'EADDRNOTAVAIL'],
      ['2001:db8::1', 'EAFNOSUPPORT'],
    ] as const)
      expect(await tried(host, { [host]: code }).catch((error) => error)).to.include({ code })
  })
})

describe('addresses and settings of a process', function () {
  this.timeout(120_000)
  let folder: string
  let service: ServiceProcess
  let port: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-addresses-'))
    const file = async (name: string, value: string) => {
      await writeFile(join(folder, name), value)
      return join(folder, name)
    }
    service = await startProcess({
      DATA_DIR: join(folder, 'data'),
      HOST: '::',
      LOG_LEVEL: 'info',
      TRUST_PROXY: '127.0.0.0/8',
      KEEP_ALIVE_SECONDS: '95',
      JWT_SECRET_FILE: await file('jwt', `${SECRET}\n`),
      METRICS_TOKEN_FILE: await file('metrics', 'scrape-token\n'),
    })
    port = new URL(service.origin).port
    await eventually(
      async () => expect((await open(`${service.origin}/readyz`)).statusCode).to.equal(200),
      60_000,
    )
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  const remoteAddressOf = (id: string) =>
    eventually(() => {
      const line = service
        .output()
        .split('\n')
        .find((one) => one.includes(`"reqId":"${id}"`))
      return JSON.parse(line ?? '').req.remoteAddress as string
    })

  it('HOST=:: – client by IPv4 → its IPv4 address in log and activity, trusted as a proxy of an IPv4 network', async () => {
    const { statusCode } = await open(`http://127.0.0.1:${port}/api`, { 'X-Request-Id': 'by-ipv4' })
    expect(statusCode).to.equal(200)
    expect(await remoteAddressOf('by-ipv4')).to.equal('127.0.0.1')
    const forwarded = { 'X-Request-Id': 'by-proxy', 'X-Forwarded-For': '::ffff:203.0.113.7' }
    await open(`http://127.0.0.1:${port}/api`, forwarded)
    expect(await remoteAddressOf('by-proxy')).to.equal('203.0.113.7')

    const ada = await register(service.origin)
    const headers = { Authorization: `Bearer ${ada.token}` }
    const { res } = (await readJson(await open(`${service.origin}/api/users/me/activity`, headers))) as {
      res: { activity: { address: string }[] }
    }
    expect(res.activity.map(({ address }) => address)).to.deep.equal(res.activity.map(() => '127.0.0.1'))
    expect(res.activity).to.not.be.empty
  })

  it('HOST=:: – WebSocket by IPv4 → its IPv4 address in the log', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    socket.once('open', () => socket.close())
    await eventually(() => {
      const line = service
        .output()
        .split('\n')
        .find((one) => one.includes('socket closed'))
      expect(JSON.parse(line ?? '').address).to.equal('127.0.0.1')
    })
  })

  it('HOST=:: – client by IPv6 → answered', async function () {
    if (!hasIPv6) this.skip()
    expect((await open(`http://[::1]:${port}/healthz`, { 'X-Request-Id': 'x' })).statusCode).to.equal(200)
  })

  it('KEEP_ALIVE_SECONDS – answer on a kept connection → Keep-Alive with the seconds', async () => {
    const agent = new Agent({ keepAlive: true })
    const answer = await open(`${service.origin}/healthz`, {}, agent)
    expect(answer.headers['keep-alive']).to.equal('timeout=95')
    answer.resume()
    agent.destroy()
  })

  it('METRICS_TOKEN_FILE – GET /metrics with the content of the file → 200, without → 401', async () => {
    const url = `${service.origin}/metrics`
    expect((await open(url)).statusCode).to.equal(401)
    expect((await open(url, { Authorization: 'Bearer scrape-token' })).statusCode).to.equal(200)
  })

  for (const program of ['server.ts', 'commands/storage-check.ts', 'commands/db-migrate.ts'])
    it(`${program} – missing file and refused value → exit code 1, the names, no value`, async () => {
      const { ended, output } = runProcess(
        {
          DATA_DIR: join(folder, 'other'),
          JWT_SECRET_FILE: '/nowhere/hunter2',
          METRICS_TOKEN: 'hunter2',
          METRICS_TOKEN_FILE: '/nowhere/hunter2',
          MONGODB_URI: '"mongodb://ada:hunter2@db.example/kura"',
        },
        program,
      )
      expect(await ended).to.equal(1)
      expect(output().trim().split('\n')).to.deep.equal([
        'The configuration has errors:',
        '  MONGODB_URI must not begin or end with a quote; remove it',
        '  JWT_SECRET_FILE names a file that cannot be read: no such file or directory (ENOENT)',
        '  METRICS_TOKEN and METRICS_TOKEN_FILE are both set; set only one of them',
      ])
    })

  it('npm run db:move -- URI – MONGODB_URI_FILE set too → the argument is used', async () => {
    const { ended, output } = runProcess(
      { DATA_DIR: join(folder, 'other'), MONGODB_URI_FILE: '/nowhere/uri' },
      'commands/db-move.ts',
      'set -- "$@" mongodb://db.example/kura',
    )
    expect(await ended).to.equal(1)
    expect(output()).to.match(/^There is no database in /)
  })
})
