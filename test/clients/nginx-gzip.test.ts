import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingMessage, request as send } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type Nginx, startNginx } from '../support/app/nginx.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { requireProgram } from '../support/programs.ts'

const GZIP = 'gzip on; gzip_proxied any; gzip_types *; gzip_min_length 1; gzip_vary on;'

/** Clients behind nginx that compresses, or that lets the service compress. */
describe('nginx with gzip', function () {
  this.timeout(60_000)
  let app: TestApp
  let ada: TestUser
  let folder: string
  let nginx: Nginx
  let id: string

  before(async function () {
    requireProgram(this, 'nginx')
    folder = await mkdtemp(join(tmpdir(), 'kura-nginx-'))
    app = await startApp()
    ada = await signUp(app, 'ada')
    const { body } = await ada
      .post('/api/assets')
      .field('description', 'A chair of oak. '.repeat(100))
      .attach('files', Buffer.from('v 0 0 0\n'.repeat(1000)), 'a.obj')
      .expect(201)
    id = body.res.asset.id
  })
  afterEach(() => nginx?.stop())
  after(async () => {
    await app?.stop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  async function ask(path: string, headers: Record<string, string>, method = 'GET', body?: object) {
    const json = body ? { 'Content-Type': 'application/json' } : {}
    const request = send(nginx.origin + path, {
      method,
      headers: { Authorization: `Bearer ${ada.token}`, 'Accept-Encoding': 'gzip', ...json, ...headers },
    })
    request.end(body && JSON.stringify(body))
    const [res] = (await once(request, 'response')) as [IncomingMessage]
    return { status: res.statusCode, headers: res.headers, bytes: await buffer(res) }
  }

  for (const [name, directives, weak] of [
    ['nginx compresses', `${GZIP} proxy_set_header Accept-Encoding "";`, true],
    ['the service compresses', GZIP, false],
  ] as const)
    it(`GET, PATCH and DELETE through nginx – ${name} → 304, version checked`, async () => {
      nginx = await startNginx(app.origin, folder, { buffering: 'on', keepAlive: true, directives })
      const path = `/api/assets/${id}`
      const first = await ask(path, {})
      const etag = String(first.headers.etag)
      expect(first.headers['content-encoding']).to.equal('gzip')
      expect(etag.startsWith('W/')).to.equal(weak)
      const { asset } = JSON.parse(gunzipSync(first.bytes).toString()).res
      expect((await ask(path, { 'If-None-Match': etag })).status).to.equal(304)

      const renamed = await ask(path, { 'If-Match': etag }, 'PATCH', { name: `Chair ${weak}` })
      expect(renamed.status).to.equal(200)
      expect((await Asset.findById(id).orFail()).version).to.equal(asset.version + 1)
      expect((await ask(path, { 'If-None-Match': etag })).status).to.equal(200)
      for (const method of ['PATCH', 'DELETE']) {
        const stale = await ask(
          path,
          { 'If-Match': etag },
          method,
          method === 'PATCH' ? { name: 'x' } : undefined,
        )
        expect(stale.status, method).to.equal(412)
      }
      expect((await Asset.findById(id).orFail()).version).to.equal(asset.version + 1)

      const file = await ask(`${path}/download`, {})
      const bytes = file.headers['content-encoding'] === 'gzip' ? gunzipSync(file.bytes) : file.bytes
      expect(bytes).to.have.length(8000)
      const again = await ask(`${path}/download`, { 'If-None-Match': String(file.headers.etag) })
      expect(again.status).to.equal(304)
      const list = await ask('/api/assets?scope=mine', {})
      expect(JSON.parse(gunzipSync(list.bytes).toString()).res.assets).to.have.length(1)
    })
})
