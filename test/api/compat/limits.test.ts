import { expect } from 'chai'
import { Attempt } from '../../../models/attempt.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { PASSWORD, signUp } from '../../support/app/users.ts'

const PHONE = { mobile: '15112345678', countryCode: '49' }
const EMAIL = 'ada@example.org'

/** The limits of `test/api/auth.limits.test.ts`: routes of earlier services count together with those of the API. */
describe('compatibility routes – limits of sign-in and registration', () => {
  let app: TestApp
  before(async () => {
    app = await startApp({ env: { TRUST_PROXY: '1', REGISTRATIONS_PER_HOUR: '3' } })
    await signUp(app, 'ada', { email: EMAIL, ...PHONE })
  })
  after(() => app.stop())
  beforeEach(() => Attempt.deleteMany({}))

  const post = (path: string, body: object, address = '192.0.2.1') =>
    app.api.post(path).set('X-Forwarded-For', address).send(body)

  const signUpForm = (email: string) => ({
    credentials: { email, password: PASSWORD, password_confirmation: PASSWORD },
  })

  /** Sign-ins to one account by each of its names. */
  const signIns = [
    (password: string, address?: string) => post('/api/login', { email: EMAIL, password }, address),
    (password: string, address?: string) => post('/api/auth/', { email: EMAIL, password }, address),
    (password: string, address?: string) => post('/login', { ...PHONE, password }, address),
    (password: string, address?: string) =>
      post('/sign-in', { credentials: { email: EMAIL, password } }, address),
    (password: string, address?: string) => post('/api/auth/login', { login: 'ada', password }, address),
  ]

  it('every sign-in route – 11th failure of an account over all of them → 429', async () => {
    for (let n = 0; n < 10; n++)
      expect((await signIns[n % signIns.length]?.('wrong password'))?.status).to.be.oneOf([401, 422])
    for (const signIn of signIns) {
      const { status, body, headers } = await signIn(PASSWORD)
      expect({ status, code: body.err?.code ?? body.name }).to.deep.equal({
        status: 429,
        code: 'too_many_requests',
      })
      expect(Number(headers['retry-after'])).to.be.within(1, 900)
    }
    for (const signIn of signIns) expect((await signIn(PASSWORD, '192.0.2.2')).status).to.be.oneOf([200, 201])
  })

  it('routes that verify a token – many calls → not counted', async () => {
    const { body } = await post('/api/login', { email: EMAIL, password: PASSWORD }).expect(200)
    for (let n = 0; n < 12; n++) await post('/api/auth', { token: body.res.token }).expect(200)
    expect(await Attempt.find({ points: { $ne: 0 } }).lean()).to.deep.equal([])
  })

  it('every registration route – account created or refused → counted, other requests not', async () => {
    await Promise.all([
      post('/api/create', { email: EMAIL, password: PASSWORD }, '192.0.2.3').expect(409),
      post('/user', PHONE, '192.0.2.3').expect(409),
      post('/sign-up', signUpForm(EMAIL), '192.0.2.3').expect(422),
    ])
    await post('/api/create', { email: 'meck@example.org', password: PASSWORD }, '192.0.2.3').expect(429)

    const made = await User.countDocuments()
    await post('/login', { mobile: '1111', countryCode: '1', password: 'password' }).expect(400)
    await post('/api/create', { email: 'meck@example.org', password: PASSWORD }).expect(201)
    await post('/user', { mobile: '2222', countryCode: '1' }).expect(201)
    const newcomer = { mobile: '3333', countryCode: '1', password: PASSWORD }
    await post('/login', newcomer).expect(200)

    for (const [path, body] of [
      ['/api/create', { email: 'other@example.org', password: PASSWORD }],
      ['/user', { mobile: '4444', countryCode: '1' }],
      ['/login', { ...newcomer, mobile: '4444' }],
      ['/sign-up', signUpForm('other@example.org')],
      ['/api/auth/register', { username: 'other' }],
    ] as const) {
      const { status, headers } = await post(path, body)
      expect(status, path).to.equal(429)
      expect(Number(headers['retry-after'])).to.be.within(1, 3600)
    }
    expect(await User.countDocuments()).to.equal(made + 3)
    await post('/login', newcomer).expect(200)
    await post('/login', { ...newcomer, mobile: '4444' }, '192.0.2.2').expect(200)
  })
})
