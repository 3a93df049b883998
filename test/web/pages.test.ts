import { expect } from 'chai'
import { startApp, type TestApp } from '../support/app/app.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { buildClient } from '../support/web.ts'

const HTML = 'text/html,application/xhtml+xml,*/*;q=0.8'
const PAGES = ['/', '/a/1', '/s/abc', '/upload', '/account', '/sign-in', '/register', '/embed/1', '/upload/']
const ADMIN_PAGES = ['/admin', '/admin/users', '/admin/assets', '/admin/activity']

/** Returns the directives of a policy, by name. */
const directives = (policy = '') =>
  new Map(policy.split(';').map((one) => [one.split(' ')[0] ?? '', one.split(' ').slice(1).join(' ')]))

describe('pages of the web client', function () {
  this.timeout(60_000)
  let app: TestApp
  let ada: TestUser

  before(async () => {
    await buildClient()
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  after(() => app?.stop())

  const open = (path: string) => app.api.get(path).set('Accept', HTML)

  it('GET a page – a browser → the page with a strict policy', async () => {
    for (const path of [...PAGES, ...ADMIN_PAGES]) {
      const { text, headers } = await open(path)
        .expect(200)
        .expect('Content-Type', 'text/html; charset=utf-8')
      expect(text, path).to.contain('<div id="app">').and.not.to.contain('{{')
      const policy = directives(headers['content-security-policy'])
      expect(policy.get('script-src'), path).to.equal("'self' 'wasm-unsafe-eval'")
      expect(policy.get('require-trusted-types-for'), path).to.equal("'script'")
      expect(policy.get('frame-ancestors'), path).to.equal(path.startsWith('/embed/') ? '*' : "'none'")
      expect(headers.vary, path).to.contain('Accept')
      expect(headers['set-cookie'], path).to.equal(undefined)
      const [, name] = /^\/(a|s|embed)\//.exec(path) ?? []
      const script = { a: 'asset', s: 'link', embed: 'embed' }[String(name)]
      expect(/modulepreload" href="\/web\/(asset|link|embed)-/.exec(text)?.[1], path).to.equal(script)
    }
  })

  it('GET /* – a browser, an unknown path → 404 with the page; below /api → 404 in JSON', async () => {
    for (const path of [
      '/nothing',
      '/a',
      '/a/1/2',
      '/admins',
      '/admin/x',
      '/trash',
      '/c/1',
      '/reset/1',
      '/invite/1',
    ])
      await open(path)
        .expect(404)
        .expect('Content-Type', /^text\/html/)
    for (const path of ['/api/nothing', '/ws', '/docs/nothing', '/web/nothing.js'])
      await open(path)
        .expect(404)
        .expect('Content-Type', /^application\/json/)
  })

  it('GET a page – a program → as before', async () => {
    const { body } = await app.api.get('/').set('Accept', '*/*').expect(200)
    expect(body.res).to.include({ name: 'kura', docs: '/docs' })
    for (const path of ['/upload', '/sign-in', '/a/1', '/nothing']) {
      const { status, headers } = await app.api.get(path).set('Accept', '*/*')
      expect(status, path).to.be.oneOf([404, 405])
      expect(headers['content-type'], path).to.match(/json/)
    }
    await ada.get('/collections').set('Accept', HTML).expect(200).expect('Content-Type', /json/)
  })

  it('GET /web/* – scripts and styles of a page → compressed, kept for a year, no other file', async () => {
    const { text } = await open('/')
    const files = [...text.matchAll(/(?:src|href)="(\/web\/[^"]+)"/g)].map(([, path = '']) => path)
    expect(files.length).to.be.greaterThan(2)
    for (const path of files) {
      const { headers } = await app.api.get(path).set('Accept-Encoding', 'br').expect(200)
      expect(headers['cache-control'], path).to.equal('public, max-age=31536000, immutable')
      if (path.endsWith('.css')) expect(headers['content-encoding']).to.equal('br')
    }
    for (const path of ['/web/../index.html', '/web/%2e%2e/index.html', '/web/'])
      await app.api.get(path).expect(404)
  })

  it('GET /web/licenses-*.txt – page names it → the licence of every package in the scripts', async () => {
    const { text } = await open('/')
    const [, path = ''] = /rel="license" href="([^"]+)"/.exec(text) ?? []
    const { text: licenses } = await app.api.get(path).expect(200)
    for (const name of ['preact', 'preact-iso', '@tanstack/query-core', 'openapi-fetch', 'lucide-static'])
      expect(licenses).to.match(new RegExp(`^${name} \\d`, 'm'))
    expect(licenses.match(/Permission (?:is hereby granted|to use, copy)/g)?.length).to.be.greaterThan(4)
  })
})

describe('WEB=off', () => {
  let app: TestApp
  before(async () => {
    app = await startApp({ env: { WEB: 'off' } })
  })
  after(() => app?.stop())

  it('GET / – a browser → name and version in JSON; other pages and files → 404', async () => {
    const { body } = await app.api.get('/').set('Accept', HTML).expect(200)
    expect(body.res.name).to.equal('kura')
    for (const path of ['/upload', '/a/1', '/web/app.js'])
      await app.api.get(path).set('Accept', HTML).expect(404).expect('Content-Type', /json/)
  })
})
