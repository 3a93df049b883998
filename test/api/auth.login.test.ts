import { expect } from 'chai'
import { beginSession } from '../../app/auth/sessions.ts'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { findForSignIn } from '../../models/user-credentials.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { PASSWORD, requestsOf, signUp } from '../support/app/users.ts'

describe('POST /api/auth/login', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
    await signUp(app, 'Ada', { email: 'ada@example.org', countryCode: '49', mobile: '1511234567' })
  })
  after(() => app.stop())

  const login = (body: object) => app.api.post('/api/auth/login').send(body)

  const names: [string, object][] = [
    ['a username', { login: 'Ada' }],
    ['a username in different case', { login: 'aDA' }],
    ['an email', { login: 'Ada@Example.org' }],
    ['username', { username: 'ada' }],
    ['email', { email: 'ada@example.org' }],
    ['mobile and countryCode', { mobile: '1511234567', countryCode: '49' }],
    ['mobile and +countryCode', { mobile: '1511234567', countryCode: '+49' }],
  ]
  for (const [name, body] of names) {
    it(`POST /api/auth/login – ${name} → 200`, async () => {
      const res = await login({ ...body, password: PASSWORD }).set('User-Agent', 'a browser')
      expect(res.status, res.text).to.equal(200)
      expect(res.headers['cache-control']).to.equal('no-store')
      expect(res.body.res).to.have.keys('user', 'token', 'expiresAt')
      const me = await requestsOf(app, res.body.res.token).get('/api/auth/session').expect(200)
      expect(me.body.res.user).to.deep.equal(res.body.res.user)
      const session = await Session.findById(me.body.res.session.id).orFail()
      expect(session).to.include({ userAgent: 'a browser', address: '127.0.0.1' })
      expect(session.expiresAt.toISOString()).to.equal(res.body.res.expiresAt)
    })
  }

  const refusals: [name: string, body: object, status: number, code: string, field?: string][] = [
    ['a wrong password', { login: 'ada', password: 'wrong password' }, 401, 'bad_credentials'],
    ['an unknown user', { login: 'nobody', password: PASSWORD }, 401, 'bad_credentials'],
    [
      'a password over 72 bytes',
      { login: 'ada', password: `${PASSWORD}${'x'.repeat(80)}` },
      401,
      'bad_credentials',
    ],
    [
      'a password in different case',
      { login: 'ada', password: PASSWORD.toUpperCase() },
      401,
      'bad_credentials',
    ],
    [
      'a mobile without countryCode',
      { mobile: '1511234567', password: PASSWORD },
      400,
      'validation_failed',
      'login',
    ],
    ['two names', { login: 'ada', email: 'a@b.org', password: PASSWORD }, 400, 'validation_failed', 'login'],
    ['no name', { password: PASSWORD }, 400, 'validation_failed', 'login'],
    ['no password', { login: 'ada' }, 400, 'validation_failed', 'password'],
    ['an empty password', { login: 'ada', password: '' }, 400, 'validation_failed', 'password'],
    [
      'an operator as the name',
      { login: { $gt: '' }, password: PASSWORD },
      400,
      'validation_failed',
      'login',
    ],
    [
      'an operator as the mobile',
      { mobile: { $gt: '' }, countryCode: '49', password: PASSWORD },
      400,
      'validation_failed',
      'mobile',
    ],
    [
      'an operator as the password',
      { login: 'ada', password: { $ne: '' } },
      400,
      'validation_failed',
      'password',
    ],
    ['an array as the name', { login: ['ada'], password: PASSWORD }, 400, 'validation_failed', 'login'],
    [
      'a name with a NUL character',
      { login: 'ada\0', password: PASSWORD },
      400,
      'validation_failed',
      'login',
    ],
    [
      'an unknown field',
      { login: 'ada', password: PASSWORD, admin: true },
      400,
      'validation_failed',
      'admin',
    ],
  ]
  for (const [name, body, status, code, field] of refusals) {
    it(`POST /api/auth/login – ${name} → ${status} ${code}`, async () => {
      const sessions = await Session.countDocuments()
      const res = await login(body)
      expect(res.status, res.text).to.equal(status)
      expect(res.body.err.code).to.equal(code)
      expect(res.body.err.details?.map((detail: { field: string }) => detail.field) ?? []).to.deep.equal(
        field ? [field] : [],
      )
      expect(res.text).to.not.include(PASSWORD).and.not.include('$2b$')
      expect(await Session.countDocuments()).to.equal(sessions)
    })
  }

  it('POST /api/auth/login – unknown user or wrong password → same response', async () => {
    const [wrong, unknown] = await Promise.all([
      login({ login: 'ada', password: 'wrong password' }),
      login({ login: 'nobody@example.org', password: 'wrong password' }),
    ])
    const errorOf = ({ status, body }: typeof wrong) => [status, { ...body.err, requestId: '' }]
    expect(errorOf(unknown)).to.deep.equal(errorOf(wrong))
  })

  it('POST /api/auth/login – disabled account → 401 as for a wrong password, sessions invalid', async () => {
    const mallory = await signUp(app, 'mallory')
    await User.updateOne({ _id: mallory.user._id }, { disabled: true })
    const res = await login({ login: 'mallory', password: PASSWORD })
    expect([res.status, res.body.err.code]).to.deep.equal([401, 'bad_credentials'])
    await mallory.get('/api/users/me').expect(401)
  })

  it('POST /api/auth/login – password changed during the sign-in → bad_credentials, no session', async () => {
    const eve = await signUp(app, 'eve')
    const verified = await findForSignIn('eve')
    await eve
      .put('/api/auth/password')
      .send({ current: PASSWORD, password: 'another one, unknown' })
      .expect(204)
    if (!verified) throw new Error('the user eve does not exist')
    const client = { address: undefined, userAgent: undefined }
    const late = await beginSession(app.context, verified, client).catch((error) => error.code)
    expect(late).to.equal('bad_credentials')
    expect(await Session.countDocuments({ user: eve.user._id })).to.equal(1)
  })
})
