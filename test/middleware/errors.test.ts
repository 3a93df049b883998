import { expect } from 'chai'
import { startApp, type TestApp } from '../support/app/app.ts'
import { PASSWORD, signUp, type TestUser } from '../support/app/users.ts'
import { obj } from '../support/data/samples.ts'

describe('every answer', () => {
  let app: TestApp
  let ada: TestUser
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())

  const login = () => app.api.post('/api/auth/login')
  const json = (text: string | Buffer) => login().type('json').serialize(String).send(String(text))
  const good = { login: 'ada', password: PASSWORD }

  const errors: [name: string, request: () => ReturnType<typeof login>, status: number, code: string][] = [
    ['malformed JSON', () => json('{"login":'), 400, 'malformed_json'],
    ['JSON that is no object', () => json('"ada"'), 400, 'malformed_json'],
    ['a body over 100 kB', () => json(JSON.stringify({ login: 'x'.repeat(1_000_000) })), 413, 'too_large'],
    [
      'JSON in another charset',
      () => login().set('Content-Type', 'application/json; charset=latin1').send('{}'),
      415,
      'unsupported_media',
    ],
    [
      'JSON in an unknown coding',
      () => login().set('Content-Encoding', 'zip').type('json').send('{}'),
      415,
      'unsupported_media',
    ],
    [
      'gzip that is none',
      () => login().set('Content-Encoding', 'gzip').type('json').send('{}'),
      400,
      'malformed_json',
    ],
    [
      'a form in another charset',
      () =>
        login().set('Content-Type', 'application/x-www-form-urlencoded; charset=latin1').send('login=ada'),
      415,
      'unsupported_media',
    ],
    ['a form that is not encoded', () => login().type('form').send('login=100%x'), 400, 'validation_failed'],
    ['a form of 1,001 fields', () => login().type('form').send('x=1&'.repeat(1001)), 413, 'too_large'],
    [
      'a form over 100 kB',
      () =>
        login()
          .type('form')
          .send(`login=${'x'.repeat(103_000)}`),
      413,
      'too_large',
    ],
    ['a multipart form over 100 kB', () => login().field('login', 'x'.repeat(103_000)), 413, 'too_large'],
    [
      'a form with a file',
      () => login().field(good).attach('file', obj(), 'a.obj'),
      400,
      'validation_failed',
    ],
    [
      'a multipart form that is cut off',
      () =>
        login()
          .set('Content-Type', 'multipart/form-data; boundary=b')
          .send('--b\r\nContent-Disposition: form-data; name="login"\r\n\r\nada'),
      400,
      'malformed_upload',
    ],
    ['plain text', () => login().type('text/plain').send(JSON.stringify(good)), 415, 'unsupported_media'],
    ['an empty body', () => login(), 400, 'validation_failed'],
    ['an unknown query', () => app.api.post('/api/auth/login?debug=1').send(good), 400, 'validation_failed'],
    ['an unknown path', () => app.api.get('/api/nothing'), 404, 'not_found'],
    ['a path of invalid UTF-8', () => ada.get('/api/assets/%FF'), 404, 'not_found'],
    ['another method', () => app.api.patch('/api/auth/login').send(good), 405, 'method_not_allowed'],
    ['no token', () => app.api.get('/api/auth/session'), 401, 'unauthenticated'],
  ]
  for (const [name, request, status, code] of errors) {
    it(`any request – ${name} → refused in the error envelope`, async () => {
      const res = await request().set('X-Request-Id', 'test-1')
      expect([res.status, res.body.err?.code], res.text).to.deep.equal([status, code])
      const { details, ...err } = res.body.err
      expect(res.body).to.have.keys('status', 'err')
      expect(res.body.status).to.equal('error')
      expect(err).to.have.keys('code', 'message', 'requestId')
      expect(err.requestId).to.equal('test-1')
      expect(details === undefined || details.length > 0).to.equal(true)
      expect(res.headers).to.include({ 'x-request-id': 'test-1', 'cache-control': 'no-store' })
      expect(res.headers['content-type']).to.equal('application/json; charset=utf-8')
      expect(res.text).to.not.match(/node_modules|\.ts|at Object|SyntaxError|Unexpected token/)
    })
  }

  it('any request – X-Request-Id valid → kept; otherwise replaced', async () => {
    for (const id of ['a.b-c_1', '0'.repeat(128)]) {
      const res = await app.api.get('/healthz').set('X-Request-Id', id)
      expect(res.headers['x-request-id']).to.equal(id)
    }
    for (const id of ['', 'a b', '<script>', '0'.repeat(129), 'a:b', 'é']) {
      const res = await app.api.get('/healthz').set('X-Request-Id', id)
      expect(res.headers['x-request-id']).to.match(/^[0-9a-f-]{36}$/)
    }
  })

  it('any path – other method → 405 with Allow', async () => {
    const allow = async (method: 'put' | 'post' | 'patch', path: string) => {
      const res = await ada[method](path)
      return [res.status, res.headers.allow]
    }
    expect(await allow('put', '/api/auth/login')).to.deep.equal([405, 'POST'])
    expect(await allow('post', '/api/users/me')).to.deep.equal([405, 'DELETE, GET, HEAD, PATCH'])
    expect(await allow('post', '/api/users/me/')).to.deep.equal([405, 'DELETE, GET, HEAD, PATCH'])
    expect(await allow('patch', '/api/auth/sessions/x')).to.deep.equal([405, 'DELETE'])
    expect(await allow('put', '/healthz')).to.deep.equal([405, 'GET, HEAD'])
    expect(await allow('put', '/api/auth')).to.deep.equal([405, 'POST'])
    expect(await allow('put', '/images')).to.deep.equal([405, 'GET, HEAD, POST'])
    expect(await allow('put', '/api/links')).to.deep.equal([405, 'GET, HEAD'])
    expect(await allow('put', '/api/signed')).to.deep.equal([404, undefined])
    expect(await allow('put', '/api/auth/sessions/%FF')).to.deep.equal([404, undefined])
  })

  it('any path – trailing slash → same route', async () => {
    await app.api.post('/api/auth/login/').send(good).expect(200)
    await ada.get('/api/users/me/').expect(200)
  })

  it('any path – HEAD or OPTIONS → as GET without a body, or the methods', async () => {
    const get = await ada.get('/api/users/me')
    const head = await ada.head('/api/users/me').expect(200)
    expect(head.headers['content-length']).to.equal(get.headers['content-length'])
    expect(head.text).to.equal(undefined)
    await app.api.head('/api/users/me').expect(401)
    await app.api.options('/api/users/me').expect(204)
  })

  it('refused request – body was read → connection stays open', async () => {
    const res = await app.api.get('/api/nothing').set('Connection', 'keep-alive').expect(404)
    expect(res.headers.connection).to.equal('keep-alive')
    await json('{"login":').set('Connection', 'keep-alive').expect(400).expect('Connection', 'keep-alive')
  })
})
