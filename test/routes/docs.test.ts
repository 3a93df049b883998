import { createRequire } from 'node:module'
import { expect } from 'chai'
import express, { type RequestHandler } from 'express'
import helmet from 'helmet'
import supertest from 'supertest'
import { securityHeaders } from '../../config/security-headers.ts'
import { handleErrors } from '../../middleware/handle-errors.ts'
import { router as docs } from '../../routes/docs.ts'

const log = { error: (details: object) => expect.fail(JSON.stringify(details)) }
const service: RequestHandler = (req, _res, next) => {
  const recentFaults = { recordFull: () => undefined }
  Object.assign(req, { context: { log, recentFaults, config: { http: { basePath: '' } } } })
  next()
}
// as `createApp` sets it: Express makes no ETag
const app = express().set('etag', false)
const api = supertest(app.use(helmet(securityHeaders), service, docs, handleErrors))

/** The directives of an answer's policy, by name. */
function policyOf(headers: Record<string, string>): Record<string, string> {
  const directives = (headers['content-security-policy'] ?? '').split(';')
  return Object.fromEntries(directives.map((directive) => directive.trim().split(/ (.*)/s).slice(0, 2)))
}

/** What the page loads by itself. */
const linked = (html: string) =>
  [...html.matchAll(/<(?:script|link)[^>]*(?:src|href)="([^"]*)"/g)].map(([, url = '']) => url)

describe('GET /openapi.json', () => {
  it('GET /openapi.json – any → the document', async () => {
    const { body } = await api
      .get('/openapi.json')
      .expect(200)
      .expect('Content-Type', /^application\/json/)
    expect(body.openapi).to.match(/^3\.1\./)
    expect(body.info.title).to.equal('Kura')
    expect(body.paths).to.be.an('object')
  })
})

describe('GET /docs', () => {
  for (const path of ['/docs', '/docs/']) {
    it(`GET /docs – at ${path} → the page`, async () => {
      const { text } = await api.get(path).expect(200).expect('Content-Type', 'text/html; charset=utf-8')
      expect(text).to.contain('id="docs"')
    })
  }

  it('GET /docs – everything it loads → from this service and there', async () => {
    const { text } = await api.get('/docs')
    const urls = linked(text).filter((url) => !url.startsWith('data:'))
    expect(urls).to.have.length(3)
    for (const url of urls) {
      expect(url).to.match(/^\/docs\//)
      const kind = url.endsWith('.css') ? /^text\/css/ : /^text\/javascript/
      await api.get(url).expect(200).expect('Content-Type', kind).expect('X-Content-Type-Options', 'nosniff')
    }
  })

  it('GET /docs – page → shows the document of this service, contacts no other', async () => {
    const { text } = await api.get('/docs/start.js').expect(200)
    expect(text)
      .to.contain("url: new URL('../openapi.json', document.currentScript.src)")
      .and.to.contain('validatorUrl: null')
    expect(text).to.contain('queryConfigEnabled: false')
  })

  it('GET /docs – Content-Security-Policy → own files only, no inline script, no eval', async () => {
    const { headers, text } = await api.get('/docs')
    expect(policyOf(headers)).to.deep.equal({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self' data: blob:",
      'connect-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    })
    expect(text).to.not.match(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/)
  })

  it('any other path – Content-Security-Policy → strict', async () => {
    for (const path of ['/openapi.json', '/docs/start.js', '/docs/nothing']) {
      const { headers } = await api.get(path)
      expect(headers['content-security-policy'], path)
        .to.contain("default-src 'none'")
        .and.not.to.contain("'self'")
    }
  })

  const CONDITIONS: [name: string, headers: Record<string, string>, status: number][] = [
    ['an If-Match that does not hold', { 'If-Match': '"another"' }, 412],
    ['an If-Match of any', { 'If-Match': '*' }, 200],
    ['an old If-Unmodified-Since', { 'If-Unmodified-Since': new Date(0).toUTCString() }, 412],
    ['an impossible Range', { Range: 'bytes=99999999-' }, 200],
    ['a Range', { Range: 'bytes=0-1' }, 200],
    ['a malformed Range', { Range: 'bytes=,' }, 200],
  ]
  for (const [name, headers, status] of CONDITIONS)
    for (const path of ['/docs', '/docs/start.js', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js'])
      it(`GET ${path} – ${name} → ${status}`, async () => {
        const { body } = await api.get(path).set(headers).expect(status)
        if (status === 412) expect(body.err.code).to.equal('version_conflict')
      })

  for (const headers of [{ 'If-Match': '"another"' }, { Range: 'bytes=99999999-' }])
    it(`GET /openapi.json – ${JSON.stringify(headers)} → 200`, () =>
      api.get('/openapi.json').set(headers).expect(200))

  it('package.json – install → no telemetry of swagger-ui-dist', () => {
    const { scarfSettings } = createRequire(import.meta.url)('../../package.json')
    expect(scarfSettings).to.deep.equal({ enabled: false })
  })

  for (const path of ['/docs', '/docs/start.js', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js'])
    it(`GET ${path} – its own ETag in If-Match → 200, in If-None-Match → 304`, async () => {
      const { etag = '' } = (await api.get(path).expect(200)).headers
      expect(etag).to.match(/^"[\w-]{43}"$/)
      await api.get(path).set('If-Match', etag).expect(200)
      await api.get(path).set('If-None-Match', etag).expect(304)
    })

  it('GET /docs/* – other file of the package → 404', async () => {
    for (const path of [
      '/docs/index.html',
      '/docs/swagger-ui.js',
      '/docs/../package.json',
      '/docs/%2e%2e/openapi/root.yaml',
    ]) {
      await api.get(path).expect(404)
    }
  })
})
