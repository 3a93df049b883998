import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { killAll, type ServiceProcess, startProcess } from '../support/app/process.ts'
import {
  addressesIn,
  clientOf,
  type ProxyClient,
  type RunningProxy,
  registerBy,
  startProxy,
} from '../support/app/proxies.ts'
import { eventually } from '../support/eventually.ts'
import { requireProgram } from '../support/programs.ts'

const BASE = '/kura'
const JSON_TYPE = { 'Content-Type': 'application/json' }

const parsed = (bytes: Buffer) => JSON.parse(bytes.toString())

/**
 * Changes of the configurations for a path: the prefix is kept, as documented, or removed. With each, the status of an
 * upload whose name contains `%2F`.
 */
const SUB_PATHS = {
  nginx: [
    { how: 'kept', change: (text: string) => text, slash: 201 },
    {
      how: 'removed',
      change: (text: string) => text.replace('proxy_pass http://kura;', 'proxy_pass http://kura/;'),
      slash: 404,
    },
  ],
  caddy: [
    { how: 'kept', change: (text: string) => text, slash: 201 },
    {
      how: 'removed',
      change: (text: string) => text.replace('handle /kura/*', 'handle_path /kura/*'),
      slash: 201,
    },
  ],
}

describe('docs/proxies, below a path', function () {
  this.timeout(120_000)
  let folder: string
  let service: ServiceProcess

  before(async function () {
    requireProgram(this, 'openssl')
    folder = await mkdtemp(join(tmpdir(), 'kura-proxies-'))
    const env = { DATA_DIR: folder, TRUST_PROXY: '1', BASE_PATH: BASE }
    service = await startProcess(env)
    await eventually(
      async () => expect((await fetch(`${service.origin}/readyz`)).status).to.equal(200),
      30_000,
    )
  })
  after(async () => {
    await killAll()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  for (const name of ['nginx', 'caddy'] as const)
    for (const { how, change, slash } of SUB_PATHS[name])
      it(`${name} – ${BASE}, prefix ${how} → every address in answers is reachable, also /docs and /ws`, async function () {
        requireProgram(this, name)
        const proxy = await startProxy(name, 'path', service.origin, folder, change)
        const client = clientOf(proxy)
        try {
          await expectAllReachable(proxy, client, slash)
        } finally {
          client.close()
          await proxy.stop()
        }
      })
})

/**
 * Makes one of everything that has an address, and requests every address that the answers contain.
 *
 * @param slash status of an upload whose name contains `%2F`
 */
async function expectAllReachable(proxy: RunningProxy, client: ProxyClient, slash: number): Promise<void> {
  const { token } = await registerBy(client, { prefix: BASE })
  const signedIn = { Authorization: `Bearer ${token}` }
  const { status } = await client.ask('PUT', `${BASE}/api/files/folder%2Foak.txt`, signedIn, 'oak')
  expect(status).to.equal(slash)
  const found: string[] = []
  const ask = async (method: string, path: string, headers: Record<string, string> = {}, body?: string) => {
    const { status, headers: got, bytes } = await client.ask(method, path, { ...signedIn, ...headers }, body)
    expect(status, `${method} ${path}: ${bytes}`).to.be.lessThan(300)
    if (got.location) found.push(got.location)
    const text = bytes.toString()
    if (/json/.test(String(got['content-type']))) found.push(...addressesIn(JSON.parse(text)))
    return text
  }
  const name = encodeURIComponent('100% oak.txt')
  const { asset } = JSON.parse(await ask('PUT', `${BASE}/api/files/${name}`, {}, 'oak')).res
  expect(asset.files[0].name).to.equal('100% oak.txt')
  await ask('GET', `${BASE}/api/assets/${asset.id}?signed=1`)
  await ask('GET', `${BASE}/api/assets?scope=mine&signed=1`)
  await ask('POST', `${BASE}/api/assets/${asset.id}/links`, JSON_TYPE, '{}')
  await ask('GET', `${BASE}/collections`)
  await ask('GET', `${BASE}/api`)
  await ask('POST', `${BASE}/api/projects`, JSON_TYPE, '{"title":"Room"}')
  const page = await ask('GET', `${BASE}/docs`)
  const ofPage = [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, address]) => String(address))
  expect(ofPage.length).to.be.greaterThan(2)
  const { bytes } = await client.ask('GET', `${BASE}/openapi.json`)
  expect(parsed(bytes).servers[0].url).to.equal(BASE)

  const own = found.filter((one) => !/^https?:/.test(one) || one.startsWith(proxy.origin))
  expect(own.length).to.be.greaterThan(7)
  for (const one of [...new Set([...own, ...ofPage])]) {
    const { href, pathname } = new URL(one, `${proxy.origin}${BASE}/docs`)
    if (!href.startsWith(proxy.origin)) continue
    expect(pathname.startsWith(`${BASE}/`), one).to.equal(true)
    const { status } = await client.ask('GET', href, signedIn)
    expect(status, one).to.equal(200)
  }
  const socket = new WebSocket(`${proxy.origin.replace('https', 'wss')}${BASE}/ws`, {
    ca: proxy.certificate,
    family: 4,
  })
  await once(socket, 'open')
  socket.terminate()
}
