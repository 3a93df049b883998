import { expect } from 'chai'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { beginUpload } from '../support/app/raw-upload.ts'
import { runningUploads } from '../support/app/state.ts'
import { signUp } from '../support/app/users.ts'
import { eventually } from '../support/eventually.ts'

describe('GET /metrics', () => {
  let open: TestApp
  before(async () => {
    open = await startApp()
  })
  after(() => open.stop())

  it('GET /metrics – requests answered → durations by route, no user data', async () => {
    const ada = await signUp(open, 'ada')
    await ada.get('/api/space').expect(200)
    await ada.get('/api/assets/0123456789abcdef01234567/links').expect(404)
    await ada.get('/api/assets/somebodys-secret').expect(404)
    await ada.get('/no/such/route').expect(404)
    const { text, headers } = await open.api.get('/metrics').expect(200)
    expect(headers['content-type']).to.match(/^text\/plain/)
    const counts = [
      ...text.matchAll(/^http_request_duration_seconds_count\{.*route="(.*)",status="(\d+)"\} (\d+)$/gm),
    ]
    expect(counts.map(([, route, status, count]) => `${route} ${status} ${count}`)).to.have.members([
      '/api/space 200 1',
      '/api/assets/:assetId 404 1',
      '/api/assets/:assetId/links 404 1',
      'none 404 1',
    ])
    expect(text).to.contain('process_resident_memory_bytes')
    expect(text).not.to.match(/0123456789abcdef|somebodys-secret|ada/)
    expect(text).to.match(/^kura_disk_free_bytes\{disk="database"\} \d+$/m)
  })

  /** Returns the number of answers by route and status. */
  async function answers(): Promise<Map<string, number>> {
    const { text } = await open.api.get('/metrics').expect(200)
    const counts = text.matchAll(
      /^http_request_duration_seconds_count\{.*route="(.*)",status="(\w+)"\} (\d+)$/gm,
    )
    return new Map([...counts].map(([, route, status, count]) => [`${route} ${status}`, Number(count)]))
  }

  it('GET /metrics – routes of nested routers, refused and answered → the whole pattern, no id', async () => {
    const bob = await signUp(open, 'bob')
    const asset = await uploadAsset(bob)
    const url = `/api/assets/${asset.id}`
    await bob.get(`${url}/links`).expect(200)
    await bob.put(`${url}/collaborators/nobody`).send({ access: 'read' }).expect(200)
    await bob.put(`${url}/collaborators/nobody`).send({ access: 'none' }).expect(400)
    await bob.put('/API/Assets/').expect(405)
    await bob.get('/images').expect(200)
    // refused before the route
    await open.api.get(`/images/${asset.id}`).expect(401)
    await open.api.post('/collections/').expect(401)
    await open.api.get('/api/projects/%zz').expect(401)
    await open.api.get('/api/assets/%zz').expect(404)
    await bob.get('/api/projects/').expect(200)
    const seen = await answers()
    for (const one of [
      '/api/assets/:assetId/links 200',
      '/api/assets/:assetId/collaborators/:username 200',
      '/api/assets/:assetId/collaborators/:username 400',
      '/images 200',
      '/images/:assetId 401',
      '/collections 401',
      '/api/assets 405',
      '/api/projects 200',
    ])
      expect([...seen.keys()], one).to.include(one)
    for (const route of seen.keys()) expect(route).to.not.match(new RegExp(`${asset.id}|nobody|API`))
  })

  it('GET /metrics – an upload breaks off → counted as aborted, not as 200', async () => {
    const { token } = await signUp(open, 'carol')
    const upload = beginUpload({ origin: open.origin, token }, { length: 100_000 })
    upload.sending.write('--kura-test-boundary\r\n')
    await eventually(async () => expect(await runningUploads()).to.have.length(1))
    upload.sending.destroy()
    await eventually(async () => {
      const seen = await answers()
      expect(seen.get('/api/assets aborted')).to.equal(1)
      expect(seen.get('/api/assets 200')).to.equal(undefined)
    })
  })
})

describe('GET /metrics in production', () => {
  let app: TestApp
  before(async () => {
    const production = { NODE_ENV: 'production', MONGODB_URI: 'mongodb://unused.example' }
    app = await startApp({ env: { ...production, JWT_SECRET: 'a-secret-of-production-of-32-characters' } })
  })
  after(() => app.stop())

  it('GET /metrics – production without METRICS_TOKEN → 404', async () => {
    for (const header of ['', 'Bearer ', 'Bearer undefined', 'Bearer null']) {
      const { body, text } = await app.api.get('/metrics').set('Authorization', header).expect(404)
      expect(body.err.code).to.equal('not_found')
      expect(text).not.to.contain('process_')
    }
  })
})

describe('GET /metrics behind METRICS_TOKEN', () => {
  let app: TestApp
  before(async () => {
    app = await startApp({ env: { METRICS_TOKEN: 'scrape' } })
  })
  after(() => app.stop())

  it('GET /metrics – METRICS_TOKEN set → only with it', async () => {
    for (const header of [undefined, 'Bearer', 'Bearer scrap', 'Bearer scrape2', 'scrape']) {
      const request = app.api.get('/metrics')
      if (header) request.set('Authorization', header)
      const { body, text } = await request.expect(401)
      expect(body.err.code).to.equal('unauthenticated')
      expect(text).not.to.contain('process_')
    }
    await app.api.get('/metrics').set('Authorization', 'Bearer scrape').expect(200)
  })
})
