import { createServer, type Server } from 'node:http'
import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { startApp, type TestApp } from '../support/app/app.ts'
import { listen } from '../support/app/http.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'

interface Answer {
  status: number
  headers: Record<string, string>
  text: string
}

interface Call {
  method?: string
  headers?: Record<string, string>
  body?: string
  /** Sends an upload with a file of this many bytes in place of `body`. */
  bytes?: number
  /** Default: include. */
  credentials?: 'include' | 'omit'
}

/** Scripts of pages of other origins, in Chromium: what they can send and read. */
describe('browsers of other origins', function () {
  this.timeout(120_000)
  let browser: TestBrowser
  let server: Server
  let app: TestApp
  let ada: TestUser
  let pages: Record<'allowed' | 'refused', Page>
  let id: string

  before(async function () {
    browser = await startBrowser(this)
    server = createServer((_req, res) =>
      res.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>page</title>'),
    )
    const { port } = new URL(await listen(server))
    // a subdomain of localhost is on this machine in every browser
    app = await startApp({ env: { CORS_ORIGINS: 'http://*.app.localhost:*', MAX_FILE_BYTES: '1000' } })
    ada = await signUp(app, 'ada')
    const { body } = await ada
      .post('/api/assets')
      .attach('files', Buffer.from('0123456789'), 'ä.txt')
      .expect(201)
    id = body.res.asset.id
    const context = await browser.open()
    const visit = async (host: string) => {
      const page = await context.newPage()
      await page.goto(`http://${host}:${port}/`)
      return page
    }
    pages = { allowed: await visit('a.b.app.localhost'), refused: await visit('app.localhost') }
  })
  after(async () => {
    await browser?.close()
    await app?.stop()
    server?.close()
  })

  /** Calls the API by `fetch`. Returns null if the browser refuses the answer to the script. */
  const call = (page: Page, path: string, given: Call = {}): Promise<Answer | null> =>
    page.evaluate(
      async ([url, { bytes, ...options }]) => {
        let body: FormData | string | undefined = options.body
        if (bytes !== undefined) {
          body = new FormData()
          body.append('files', new Blob([new Uint8Array(bytes)]), 'a.bin')
        }
        try {
          const answer = await fetch(url, { credentials: 'include', ...options, ...(body ? { body } : {}) })
          const headers = Object.fromEntries(answer.headers)
          return { status: answer.status, headers, text: await answer.text() }
        } catch {
          return null
        }
      },
      [app.origin + path, given] as const,
    )

  const signedIn = (headers: Record<string, string> = {}) => ({
    headers: { Authorization: `Bearer ${ada.token}`, ...headers },
  })

  it('fetch with a preflight and credentials – allowed origin → answers and their headers readable', async () => {
    const page = pages.allowed
    const path = `/api/assets/${id}`
    const read = await call(page, path, signedIn())
    expect(read?.status).to.equal(200)
    expect(read?.headers).to.include.keys('etag', 'x-request-id')

    const stale = signedIn({
      'If-Match': '"99-x"',
      'Content-Type': 'application/json',
      'X-Link-Password': 'é',
    })
    const refused = await call(page, path, { ...stale, method: 'PATCH', body: '{"name":"x"}' })
    expect(refused?.status).to.equal(412)
    const fresh = signedIn({ 'If-Match': String(read?.headers.etag), 'Content-Type': 'application/json' })
    const changed = await call(page, path, { ...fresh, method: 'PATCH', body: '{"name":"Chair"}' })
    expect([changed?.status, changed?.headers.etag?.slice(0, 3)]).to.deep.equal([200, '"2-'])

    const part = await call(page, `${path}/download`, signedIn({ Range: 'bytes=2-4' }))
    expect([part?.status, part?.text]).to.deep.equal([206, '234'])
    expect(part?.headers).to.include({ 'content-range': 'bytes 2-4/10', 'accept-ranges': 'bytes' })
    expect(part?.headers['content-disposition']).to.contain("filename*=UTF-8''%C3%A4.txt")

    const added = await call(page, '/api/assets', { ...signedIn(), method: 'POST', bytes: 100 })
    expect([added?.status, added?.headers.location]).to.deep.equal([
      201,
      `/api/assets/${JSON.parse(String(added?.text)).res.asset.id}`,
    ])
  })

  it('fetch – allowed origin, refused requests → 401, 404, 405, 413, 415 and 431 readable', async () => {
    const page = pages.allowed
    const unauthorized = await call(page, '/api/users/me', { headers: { Authorization: 'Bearer undefined' } })
    expect(unauthorized?.status).to.equal(401)
    expect(unauthorized?.headers['www-authenticate']).to.equal('Bearer realm="kura", error="invalid_token"')
    expect((await call(page, '/api/links/unknown', signedIn()))?.status).to.equal(404)
    const wrongMethod = await call(page, '/api/assets', { ...signedIn(), method: 'DELETE' })
    expect([wrongMethod?.status, wrongMethod?.headers.allow]).to.deep.equal([405, 'GET, HEAD, POST'])
    const large = await call(page, '/api/assets', { ...signedIn(), method: 'POST', bytes: 5_000_000 })
    expect([large?.status, JSON.parse(String(large?.text)).err.code]).to.deep.equal([413, 'too_large'])
    const json = signedIn({ 'Content-Type': 'text/x-unknown' })
    expect((await call(page, '/api/projects', { ...json, method: 'POST', body: 'x' }))?.status).to.equal(415)
    const long = await call(page, '/api/assets', signedIn({ 'X-Link-Password': 'x'.repeat(20_000) }))
    expect([long?.status, JSON.parse(String(long?.text)).err.code]).to.deep.equal([431, 'too_large'])
  })

  it('fetch – origin that is not allowed → no answer readable, nothing changed', async () => {
    const page = pages.refused
    expect(await call(page, '/api/assets')).to.equal(null)
    expect(await call(page, '/api/users/me', { credentials: 'omit' })).to.equal(null)
    const json = signedIn({ 'Content-Type': 'application/json' })
    const patch = { ...json, method: 'PATCH', body: '{"name":"Stolen"}' }
    expect(await call(page, `/api/assets/${id}`, patch)).to.equal(null)
    const { body } = await ada.get(`/api/assets/${id}`).expect(200)
    expect(body.res.asset.name).to.equal('Chair')
  })
})
