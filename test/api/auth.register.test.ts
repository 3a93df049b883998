import { expect } from 'chai'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { PASSWORD } from '../support/users.ts'

describe('POST /api/auth/register', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())

  const register = (body: object) => app.api.post('/api/auth/register').send(body)

  it('makes an account and signs it in', async () => {
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
      space: { used: 0, limit: app.services.config.space.user, files: 0 },
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

  it('gives an account by name only a key that works as its password', async () => {
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
})
