import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import type { Test } from 'supertest'
import { readAuthorization } from '../../middleware/authenticate.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { rawConnection } from '../support/app/raw-socket.ts'
import { signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'
import { type DocumentedRoute, documentedRoutes, openApi } from '../support/openapi/document.ts'

const REALM = 'Bearer realm="kura"'
const INVALID = `${REALM}, error="invalid_token"`

/** The forms in which clients send a token. */
const FORMS: [name: string, header: (token: string) => string][] = [
  ['Bearer', (token) => `Bearer ${token}`],
  ['bearer', (token) => `bearer ${token}`],
  ['BEARER, several blanks', (token) => `BEARER \t ${token}`],
  ['Bearer, quoted', (token) => `Bearer "${token}"`],
  ['Token token=', (token) => `Token token=${token}`],
  ['token TOKEN=', (token) => `token TOKEN=${token}`],
  ['Token token=, quoted', (token) => `Token token="${token}"`],
  ['Token token =, blanks', (token) => `Token  token = "${token}"`],
  ['the token alone', (token) => token],
]

/** Headers of other schemes, for example for a proxy in front of the service. */
const OTHERS = [
  'Basic YWRhOnNlY3JldA==',
  'Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa+gJDAi',
  `Negotiate ${'A'.repeat(9000)}`,
  'Digest username="ada", realm="x", nonce="n", uri="/", response="r"',
  'NTLM',
  'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c',
]

/** Headers without a valid token, with a part of the message. */
const INVALID_HEADERS: [header: string, message: RegExp][] = [
  ['Bearer null', /the text "null"/],
  ['bearer undefined', /the text "undefined"/],
  ['Bearer "null"', /the text "null"/],
  ['Token token=undefined', /the text "undefined"/],
  ['Token token="null"', /the text "null"/],
  ['null', /the text "null"/],
  ['undefined', /the text "undefined"/],
  ['Bearer', /no valid token/],
  ['Token', /no valid token/],
  ['Token abc', /no valid token/],
  ['Token token=', /no valid token/],
  ['Token token=""', /no valid token/],
  ['Bearer a b', /no valid token/],
  ['Bearer a, Basic b', /no valid token/],
  ['Bearer: a', /no valid token/],
  ['Bearer \u00e4', /no valid token/],
  [`Bearer ${'a'.repeat(4097)}`, /no valid token/],
  ['Bearer a', /invalid, has expired or was revoked/],
  ['Bearer [object', /no valid token/],
  ['a.b.c', /invalid, has expired or was revoked/],
]

describe('Authorization header', () => {
  let app: TestApp
  let ada: TestUser
  let admin: TestUser
  let id: string
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    admin = await signUpAdmin(app, 'admin')
    const created = await ada
      .post('/api/assets')
      .field('visibility', 'public')
      .attach('files', Buffer.from('x'), 'a.txt')
      .expect(201)
    id = created.body.res.asset.id
  })
  after(() => app.stop())

  const get = (path: string, header: string) => app.api.get(path).set('Authorization', header)

  /** One route of each router that takes a token; a GET if there is one. Unknown ids and no body, so nothing changes. */
  const routes = (): [name: string, send: (header?: string) => Test][] => {
    const routers = new Map<string, DocumentedRoute>()
    for (const route of documentedRoutes) {
      const [mount = ''] = /^(?:\/api)?\/[^/]+/.exec(route.path) ?? []
      const takesToken = (route.operation.security ?? openApi.security).some((way) => 'bearer' in way)
      if (takesToken && mount !== '/sign-out' && (route.method === 'GET' || !routers.has(mount)))
        routers.set(mount, route)
    }
    expect([...routers.keys()]).to.include.members(['/api/assets', '/api/upload', '/user', '/collections'])
    return Array.from(routers.values(), ({ method, path }) => [
      `${method} ${path}`,
      (header) => {
        const known = path.replace('{userId}', admin.user.id).replace(/\{\w+\}/g, '64b000000000000000000000')
        const request = app.api[method.toLowerCase() as 'get'](known)
        return header === undefined ? request : request.set('Authorization', header)
      },
    ])
  }

  it('one route of each router – every form of a token → as with Bearer', async () => {
    for (const [route, send] of routes()) {
      const { status } = await send(`Bearer ${admin.token}`)
      expect(status, route).to.not.equal(401)
      for (const [name, header] of FORMS)
        expect((await send(header(admin.token))).status, `${route} ${name}`).to.equal(status)
    }
    for (const [name, header] of FORMS) {
      const own = await get('/api/auth/session', header(ada.token)).expect(200)
      expect(own.body.res.user.username, name).to.equal('ada')
      const upload = app.api.post('/api/upload/').set('Authorization', header(ada.token))
      await upload.attach('file', Buffer.from('x'), 'a.txt').expect(201)
    }
  })

  it('one route of each router – empty header or another scheme → as without a header', async () => {
    for (const [route, send] of routes()) {
      const anonymous = await send()
      for (const header of ['', ' ', ...OTHERS]) {
        const { status, headers } = await send(header)
        expect(status, `${route} ${header.slice(0, 40)}`).to.equal(anonymous.status)
        if (status === 401) expect(headers['www-authenticate'], route).to.equal(REALM)
      }
    }
    await get(`/api/assets/${id}`, 'Basic YTpi').expect(200)
  })

  it('one route of each router – header without a valid token → 401 that says so', async () => {
    for (const [route, send] of routes())
      for (const [header, message] of INVALID_HEADERS) {
        const { status, headers, body } = await send(header)
        const context = `${route} ${header.slice(0, 40)}`
        // the routes of the Kumo service have no envelope
        const error = body.err ?? { code: body.name, message: body.message }
        expect([status, error.code], context).to.deep.equal([401, 'unauthenticated'])
        expect(headers['www-authenticate'], context).to.equal(INVALID)
        expect(error.message, context).to.match(message)
      }
  })

  it('POST /api/auth/register and login, signed URLs, links – any header → ignored', async () => {
    const { body } = await ada.get(`/api/assets/${id}/url`).expect(200)
    const link = await ada.post(`/api/assets/${id}/links`).send({}).expect(201)
    let count = 0
    for (const header of ['', ...OTHERS, ...INVALID_HEADERS.map(([invalid]) => invalid)]) {
      await get(body.res.url, header).expect(200)
      await get(link.body.res.link.url, header).expect(200)
      const username = `user-${count++}`
      const post = (path: string, fields: object) =>
        app.api.post(path).set('Authorization', header).send(fields)
      await post('/api/auth/register', { username, password: 'correct horse battery' }).expect(201)
      await post('/api/auth/login', { login: username, password: 'correct horse battery' }).expect(200)
    }
  })

  it('POST – wrong credentials → 401 with the challenge, without an error', async () => {
    const { headers } = await app.api
      .post('/api/auth/login')
      .send({ login: 'nobody', password: 'correct horse battery' })
      .expect(401)
    expect(headers['www-authenticate']).to.equal(REALM)
  })

  it('GET – control characters or two Authorization headers → no 500, first header used', async () => {
    const ask = async (lines: string) => {
      const socket = await rawConnection(app.origin)
      socket.write(
        `GET /api/auth/session HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}\r\n\r\n`,
        'latin1',
      )
      return Number((await text(socket)).split(' ')[1])
    }
    expect(await ask(`Authorization: Bearer ${ada.token}\r\nAuthorization: Basic x`)).to.equal(200)
    expect(await ask('Authorization: Bearer a\u0001b')).to.equal(400)
    expect(await ask('Authorization: Bearer a\u0000b')).to.equal(400)
    expect(await ask('Authorization: Bearer \u00a0\u0085\u00ff')).to.equal(401)
    expect(await ask(`Authorization:\t\tbearer\t${ada.token}\t`)).to.equal(200)
  })

  it('readAuthorization – 16 kB of blanks, quotes or dots → read in a few milliseconds', () => {
    for (const part of [' ', '\t', '"', '.', 'a.', 'token=', 'a ', ' "'])
      for (const scheme of ['', 'Bearer ', 'Token ', 'Token token='])
        expect(readAuthorization(scheme + part.repeat(16_000 / part.length)).kind).to.not.equal('token')
  })

  it('readAuthorization – token of 4,096 characters → token, longer → malformed', () => {
    expect(readAuthorization(`Bearer ${'a'.repeat(4096)}`)).to.include({ kind: 'token' })
    expect(readAuthorization(`Bearer ${'a'.repeat(4097)}`)).to.include({ kind: 'malformed' })
  })
})
