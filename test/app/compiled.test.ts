import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import supertest from 'supertest'
import { json, register } from '../support/app/client.ts'
import { killAll, type ServiceProcess, startProcess } from '../support/app/process.ts'
import { obj, png } from '../support/data/samples.ts'
import { unzip } from '../support/data/zip.ts'
import { openApi } from '../support/openapi/document.ts'

/** What a bundle gets wrong, it gets wrong in parts that are loaded late, or lie beside it. */
describe('compiled service', function () {
  this.timeout(120_000)
  let folder: string
  let service: ServiceProcess

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-compiled-'))
    service = await startProcess({ DATA_DIR: folder })
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  it('GET /docs – compiled service → 200', async () => {
    const api = supertest(service.origin)
    expect((await api.get('/openapi.json').expect(200)).body).to.deep.equal(openApi)
    await api.get('/docs').expect(200, /id="docs"/)
    await api
      .get('/docs/swagger-ui-bundle.js')
      .expect(200)
      .expect('Content-Type', /javascript/)
  })

  it('POST /api/auth/register – compiled service, common password → refused', async () => {
    const answer = await fetch(
      `${service.origin}/api/auth/register`,
      json({ username: 'ada', password: 'Password123' }),
    )
    expect(answer.status).to.equal(400)
    expect(await answer.json()).to.have.deep.nested.property('err.details', [
      { field: 'password', message: 'is one of the most common passwords' },
    ])
  })

  it('POST /api/assets – compiled service → digest, thumbnail and zip', async () => {
    const { origin, token } = await register(service.origin)
    const api = supertest.agent(origin).auth(token, { type: 'bearer' })
    const picture = await png()
    const { body } = await api
      .post('/api/assets')
      .attach('files', obj(), 'chair.obj')
      .attach('files', picture, 'chair.png')
      .attach('images', picture, 'front.png')
      .expect(201)
    const { asset } = body.res
    expect(asset.files[0].sha256).to.match(/^[0-9a-f]{64}$/)
    await api.get(asset.thumbnail).expect(200).expect('Content-Type', 'image/webp')

    const headers = { Authorization: `Bearer ${token}` }
    const zip = await fetch(`${origin}/api/assets/${asset.id}/download`, { headers })
    const files = await unzip(Buffer.from(await zip.arrayBuffer()))
    expect(files.get('chair.obj')).to.deep.equal(obj())
    expect(files.get('chair.png')).to.deep.equal(picture)
    expect(service.output()).to.not.contain('"level":50')
  })
})
