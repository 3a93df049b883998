import { expect } from 'chai'
import { startApp, type TestApp } from '../support/app/app.ts'

const OURS = 'https://app.example.org'

describe('CORS', () => {
  let app: TestApp
  before(async () => {
    app = await startApp({ env: { CORS_ORIGINS: OURS } })
  })
  after(() => app.stop())

  it('CORS – configured origin → allowed, needed headers readable', async () => {
    const { headers } = await app.api.get('/api/assets').set('Origin', OURS).expect(200)
    expect(headers['access-control-allow-origin']).to.equal(OURS)
    const exposed = String(headers['access-control-expose-headers']).split(',')
    expect(exposed).to.include.members([
      'ETag',
      'Location',
      'Content-Range',
      'Content-Disposition',
      'X-Request-Id',
      'Retry-After',
    ])
    expect(headers).not.to.have.property('access-control-allow-credentials')
  })

  it('CORS preflight – headers of uploads and links → allowed', async () => {
    const { headers } = await app.api
      .options('/api/assets')
      .set({
        Origin: OURS,
        'Access-Control-Request-Method': 'PATCH',
        'Access-Control-Request-Headers': 'authorization,if-match,x-link-password',
      })
      .expect(204)
    expect(headers['access-control-allow-methods']).to.contain('PATCH').and.to.contain('DELETE')
    expect(headers['access-control-allow-headers']).to.equal('authorization,if-match,x-link-password')
  })

  it('CORS – other origin → no CORS headers', async () => {
    const { headers } = await app.api
      .get('/api/assets')
      .set('Origin', 'https://elsewhere.example')
      .expect(200)
    expect(headers).not.to.have.property('access-control-allow-origin')
    expect(headers.vary).to.contain('Origin')
  })
})
