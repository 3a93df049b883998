import { expect } from 'chai'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { PASSWORD } from '../support/app/users.ts'

describe('POST /api/auth/register', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())

  const register = (body: object) => app.api.post('/api/auth/register').send(body)

  it('POST /api/auth/register – username and password → 201, signed in', async () => {
    const res = await register({
      username: 'Ada.L',
      password: PASSWORD,
      email: 'Ada@Example.org',
      name: 'Ada',
      mobile: '1511234567',
      countryCode: '+49',
      firstName: 'Augusta',
      lastName: 'King',
    })

    expect(res.status).to.equal(201)
    expect(res.headers['cache-control']).to.equal('no-store')
    expect(res.body.status).to.equal('success')
    const { user, token, expiresAt, ...rest } = res.body.res
    expect(rest).to.deep.equal({})
    const stored = await User.findOne({ usernameKey: 'ada.l' }).select('+passwordHash').orFail()
    expect(user).to.deep.equal({
      id: stored.id,
      username: 'Ada.L',
      name: 'Ada',
      email: 'ada@example.org',
      mobile: '1511234567',
      countryCode: '49',
      firstName: 'Augusta',
      lastName: 'King',
      profilePhoto: null,
      access: 'user',
      discoverable: false,
      space: { used: 0, ...app.context.config.space.quota, files: 0 },
      settings: {},
      createdAt: stored.createdAt.toISOString(),
      updatedAt: stored.updatedAt.toISOString(),
      lastAccessAt: stored.lastAccessAt?.toISOString(),
    })
    expect(stored.passwordHash).to.match(/^\$2b\$04\$/)
    expect(stored.location).to.match(/^[0-9a-f-]{36}$/)
    expect(stored.mobileKey).to.equal('49-1511234567')
    expect(JSON.stringify(res.body)).to.not.include(stored.location).and.not.include(stored.passwordHash)

    const session = await Session.findOne({ user: stored._id }).orFail()
    expect(expiresAt).to.equal(session.expiresAt.toISOString())
    expect(session.expiresAt.getTime() - session.createdAt.getTime()).to.equal(48 * 3_600_000)
    const authed = await app.api.get('/api/auth/session').set('Authorization', `Bearer ${token}`)
    expect(authed.body.res.user.username).to.equal('Ada.L')
  })

  it('POST /api/auth/register – username only → 201 with an accountKey that works as the password', async () => {
    const res = await register({ username: 'grace' })

    expect(res.status).to.equal(201)
    const { accountKey, user } = res.body.res
    expect(accountKey).to.match(/^[A-Za-z0-9_-]{43}$/)
    expect(user).to.include({ username: 'grace', email: null, name: null })
    const login = await app.api.post('/api/auth/login').send({ login: 'GRACE', password: accountKey })
    expect(login.status).to.equal(200)
    expect(login.body.res).to.have.keys('user', 'token', 'expiresAt')
    const { passwordHash } = await User.findById(user.id).select('passwordHash').orFail()
    expect(passwordHash).to.not.include(accountKey)
  })

  it('POST /api/auth/register – email and password only → 201, a valid username generated from the email', async () => {
    const generated: [email: string, username: RegExp][] = [
      ['grace.hopper@example.org', /^grace\.hopper$/],
      ['grace.hopper@example.com', /^grace\.hopper-[0-9a-f]{8}$/],
      ['ab@example.org', /^user-[0-9a-f]{8}$/],
      ['---@example.org', /^user-[0-9a-f]{8}$/],
      [`${'long'.repeat(12)}@example.org`, /^(long){8}$/],
      [`${'long'.repeat(12)}@example.com`, /^[long]{23}-[0-9a-f]{8}$/],
    ]
    for (const [email, username] of generated) {
      const { body } = await register({ email, password: PASSWORD }).expect(201)
      expect(body.res.user.username, email).to.match(username)
      expect(body.res).to.not.have.property('accountKey')
      const stored = await User.findById(body.res.user.id).orFail()
      expect(stored).to.include({ email, usernameKey: stored.username.toLowerCase() })
      await app.api.post('/api/auth/login').send({ login: email, password: PASSWORD }).expect(200)
      await app.api.post('/api/auth/login').send({ login: stored.username, password: PASSWORD }).expect(200)
    }
  })

  it('POST /api/auth/register – six concurrent emails with the same part before the @ → six usernames', async () => {
    const domains = ['a', 'b', 'c', 'd', 'e', 'f']
    const all = await Promise.all(domains.map((domain) => register({ email: `same@${domain}.example.org` })))
    expect(all.map(({ status }) => status)).to.deep.equal(domains.map(() => 201))
    expect(new Set(all.map(({ body }) => body.res.user.username)).size).to.equal(6)
    expect(all.every(({ body }) => body.res.accountKey)).to.equal(true)
  })

  it('POST /api/auth/register – six concurrent requests with one email → one account', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => register({ email: 'one@example.org' })))
    expect(all.map(({ status }) => status).sort()).to.deep.equal([201, 409, 409, 409, 409, 409])
    expect(await User.countDocuments({ email: 'one@example.org' })).to.equal(1)
  })

  it('POST /api/auth/register – four concurrent requests for one username → one 201', async () => {
    const all = await Promise.all(
      ['eve', 'Eve', 'eVe', 'EVE'].map((username) => register({ username, password: PASSWORD })),
    )
    expect(all.map(({ status }) => status).sort()).to.deep.equal([201, 409, 409, 409])
    expect(await User.countDocuments({ usernameKey: 'eve' })).to.equal(1)
  })

  it('POST /api/auth/register – password of 72 bytes of any characters → 201', async () => {
    const password = '🔑'.repeat(18)
    await register({ username: 'long.password', password }).expect(201)
    await app.api.post('/api/auth/login').send({ login: 'long.password', password }).expect(200)
    await app.api
      .post('/api/auth/login')
      .send({ login: 'long.password', password: `${password}x` })
      .expect(401)
  })

  const valid = { username: 'valid', password: PASSWORD }
  const refusals: [name: string, body: object, status: number, code: string, fields: string[]][] = [
    ['a taken username', { ...valid, username: 'aDa.L' }, 409, 'taken', ['username']],
    ['a taken email', { ...valid, email: 'ADA@example.org' }, 409, 'taken', ['email']],
    ['a taken mobile', { ...valid, countryCode: '49', mobile: '1511234567' }, 409, 'taken', ['mobile']],
    ['no username', { password: PASSWORD }, 400, 'validation_failed', ['username']],
    ['a short username', { ...valid, username: 'ab' }, 400, 'validation_failed', ['username']],
    ['a long username', { ...valid, username: 'a'.repeat(33) }, 400, 'validation_failed', ['username']],
    ['a username with a space', { ...valid, username: 'a b c' }, 400, 'validation_failed', ['username']],
    ['a username like an email', { ...valid, username: 'a@b.org' }, 400, 'validation_failed', ['username']],
    ['a username with a line break', { ...valid, username: 'a\nbc' }, 400, 'validation_failed', ['username']],
    ['a username in Cyrillic letters', { ...valid, username: 'аdа' }, 400, 'validation_failed', ['username']],
    ['an array as the username', { ...valid, username: ['valid'] }, 400, 'validation_failed', ['username']],
    [
      'an operator as the username',
      { ...valid, username: { $gt: '' } },
      400,
      'validation_failed',
      ['username'],
    ],
    ['a number as the username', { ...valid, username: 12345 }, 400, 'validation_failed', ['username']],
    ['a short password', { ...valid, password: '1234567' }, 400, 'validation_failed', ['password']],
    ['a long password', { ...valid, password: 'x'.repeat(73) }, 400, 'validation_failed', ['password']],
    ['a common password', { ...valid, password: 'QWERTYuiop' }, 400, 'validation_failed', ['password']],
    [
      'the username as the password',
      { username: 'VALIDname', password: 'validNAME' },
      400,
      'validation_failed',
      ['password'],
    ],
    ['null as the password', { ...valid, password: null }, 400, 'validation_failed', ['password']],
    ['a number as the password', { ...valid, password: 1234567890 }, 400, 'validation_failed', ['password']],
    [
      'a mobile without countryCode',
      { ...valid, mobile: '5550100' },
      400,
      'validation_failed',
      ['countryCode'],
    ],
    ['access', { ...valid, access: 'admin' }, 400, 'validation_failed', ['access']],
    [
      'a taken username and a taken email',
      { ...valid, username: 'ada.l', email: 'ada@example.org' },
      409,
      'taken',
      ['email', 'username'],
    ],
    [
      'a short username and a short password',
      { username: 'x', password: '1' },
      400,
      'validation_failed',
      ['password', 'username'],
    ],
    [
      'no username and a common password',
      { password: 'password' },
      400,
      'validation_failed',
      ['password', 'username'],
    ],
    [
      'a weak password and a mobile without countryCode',
      { ...valid, mobile: '5550100', password: '1' },
      400,
      'validation_failed',
      ['countryCode', 'password'],
    ],
    [
      'a weak password, and names of other types',
      { username: 5, email: 6, password: '1' },
      400,
      'validation_failed',
      ['email', 'password', 'username'],
    ],
    [
      'the part of the email before the @ as the password',
      { email: 'oakchair@example.org', password: 'OakChair' },
      400,
      'validation_failed',
      ['password'],
    ],
    [
      'null as the username and the email',
      { username: null, email: null },
      400,
      'validation_failed',
      ['username'],
    ],
    [
      'null as the username, and an email',
      { username: null, email: 'x@example.org' },
      400,
      'validation_failed',
      ['username'],
    ],
    [
      'an invalid username and an invalid email',
      { ...valid, username: 'a', email: 'b' },
      400,
      'validation_failed',
      ['email', 'username'],
    ],
    ['an array as the body', [valid], 400, 'validation_failed', ['body']],
    ['an empty array as the body', [], 400, 'validation_failed', ['body']],
  ]
  for (const [name, body, status, code, fields] of refusals) {
    it(`POST /api/auth/register – ${name} → ${status} ${code}, no account`, async () => {
      const before = await User.countDocuments()
      const res = await register(body)
      expect(res.body.err, res.text).to.include({ code })
      expect(res.status).to.equal(status)
      const named = res.body.err.details.map((detail: { field: string }) => detail.field)
      expect(named.sort()).to.deep.equal(fields)
      expect(res.text).to.not.include(PASSWORD)
      expect(await User.countDocuments()).to.equal(before)
    })
  }
})
