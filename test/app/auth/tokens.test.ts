import { createHmac } from 'node:crypto'
import { expect } from 'chai'
import jwt from 'jsonwebtoken'
import { createTokens } from '../../../app/auth/tokens.ts'
import { Session } from '../../../models/session.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { requestsOf, signUp, type TestUser } from '../../support/app/users.ts'

const OLD = 'the secret of last year; of 32 characters or more'
const NEW = 'the secret of this year; of 32 characters or more'
const PARTIES = { issuer: 'kura', audience: 'kura' }

describe('tokens', () => {
  let app: TestApp
  let ada: TestUser
  before(async () => {
    app = await startApp({ env: { JWT_SECRET: `${NEW},${OLD}` } })
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())

  const decoded = () => jwt.decode(ada.token, { complete: true, json: true })
  const accepts = async (token: string) => {
    const { status } = await requestsOf(app, token).get('/api/auth/session')
    return status
  }

  it('sign – session → only user id, session id and times as claims', async () => {
    const session = await Session.findOne({ user: ada.user._id }).orFail()
    const iat = Math.floor(session.createdAt.getTime() / 1000)
    expect(jwt.decode(ada.token)).to.deep.equal({
      sub: ada.user.id,
      jti: `${session.id}.${session.key}`,
      iat,
      exp: iat + 30 * 86_400,
      iss: 'kura',
      aud: 'kura',
    })
    expect(decoded()?.header.alg).to.equal('HS256')
    expect(decoded()?.header.kid).to.be.a('string')
    expect(NEW).to.not.include(String(decoded()?.header.kid))
  })

  it('createTokens – no secret → throws', () => {
    expect(() => createTokens([])).to.throw(TypeError)
  })

  it('verify – signed with an older secret of the list → claims', async () => {
    const session = await Session.findOne({ user: ada.user._id }).orFail().lean()
    expect(await accepts(createTokens([OLD]).sign(session))).to.equal(200)
    expect(await accepts(createTokens([OLD, NEW]).sign(session))).to.equal(200)
    expect(await accepts(createTokens([NEW]).sign(session))).to.equal(200)
    expect(await accepts(createTokens([`${OLD} changed`]).sign(session))).to.equal(401)
  })

  const forgeries: [name: string, forge: () => string][] = [
    ['no signature (alg none)', () => unsigned({ alg: 'none', kid: kid() })],
    ['another algorithm', () => signed({ algorithm: 'HS512' })],
    ['another issuer', () => signed({ issuer: 'other' })],
    ['another audience', () => signed({ audience: 'other' })],
    ['no key id', () => sign({ alg: 'HS256' }, NEW)],
    ['an unknown key id', () => sign({ alg: 'HS256', kid: '__proto__' }, NEW)],
    ['the key id of another secret', () => sign({ alg: 'HS256', kid: kid() }, OLD)],
    ['another user', () => signed({ subject: '0'.repeat(24) })],
    ['another session', () => signed({ jwtid: '0'.repeat(24) })],
    ['an expiry in the past', () => signed({ expiresIn: -1 })],
    ['a changed claim', () => ada.token.replace(/\.[^.]+\./, `.${encode({ ...payload(), sub: '1' })}.`)],
    ['a signature cut short', () => ada.token.slice(0, -1)],
    ['an empty signature', () => ada.token.replace(/[^.]+$/, '')],
    ['a session id of another form', () => signed({ jwtid: 'session' })],
    ['an object as the session id', () => sign({ alg: 'HS256', kid: kid() }, NEW, { jti: { $ne: null } })],
    ['an array as the session id', () => sign({ alg: 'HS256', kid: kid() }, NEW, { jti: [payload().jti] })],
    ['no session id', () => sign({ alg: 'HS256', kid: kid() }, NEW, { jti: undefined })],
    ['a user id of another form', () => signed({ subject: 'ada' })],
    [
      'an object that looks like an ObjectId as the user id',
      () => sign({ alg: 'HS256', kid: kid() }, NEW, { sub: { _bsontype: 'ObjectId', id: ada.user.id } }),
    ],
    ['null as the claims', () => signText({ alg: 'HS256', kid: kid() }, NEW, 'null')],
    ['no user id', () => sign({ alg: 'HS256', kid: kid() }, NEW, { sub: undefined })],
    ['an object as the key id', () => sign({ alg: 'HS256', kid: { toString: 1 } }, NEW)],
    ['a payload that is not JSON', () => `${encode({ alg: 'HS256', typ: 'JWT', kid: kid() })}.bm8.bm8`],
    ['text that is not a token', () => 'not.a.token'],
    ['an empty text', () => ''],
  ]
  for (const [name, forge] of forgeries)
    it(`GET with a token – ${name} → 401, also on routes without required sign-in`, async () => {
      const token = forge()
      expect(await accepts(token)).to.equal(401)
      const open = await requestsOf(app, token).get('/api/assets')
      expect([open.status, open.body.err.code]).to.deep.equal([401, 'unauthenticated'])
    })

  it('GET /api/auth/session – token in a cookie or in the query → 401', async () => {
    await app.api.get('/api/auth/session').set('Cookie', `token=${ada.token}`).expect(401)
    await app.api.get(`/api/auth/session?token=${ada.token}`).expect(401)
  })

  const kid = () => String(decoded()?.header.kid)
  const payload = () => jwt.decode(ada.token, { json: true }) ?? {}
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const unsigned = (header: object) => `${encode(header)}.${encode(payload())}.`
  const sign = (header: object, secret: string, claims: object = {}) =>
    signText(header, secret, JSON.stringify({ ...payload(), ...claims }))
  const signText = (header: object, secret: string, claims: string) => {
    const content = `${encode(header)}.${Buffer.from(claims).toString('base64url')}`
    return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
  }
  const signed = (options: jwt.SignOptions) => {
    const { sub, jti } = payload()
    const all = { ...PARTIES, subject: sub, jwtid: jti, keyid: kid(), expiresIn: 3600, ...options }
    return jwt.sign({}, NEW, all as jwt.SignOptions)
  }

  it('GET with a token – created by the helpers of this test, unchanged → 200', async () => {
    expect(await accepts(signed({}))).to.equal(200)
    expect(await accepts(sign({ alg: 'HS256', kid: kid() }, NEW))).to.equal(200)
  })
})
