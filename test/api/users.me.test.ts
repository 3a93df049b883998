import { expect } from 'chai'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { signUp, type TestUser } from '../support/app/users.ts'

describe('/api/users/me', () => {
  let app: TestApp
  let ada: TestUser
  let grace: TestUser
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    grace = await signUp(app, 'grace', { email: 'grace@example.org', countryCode: '1', mobile: '5550100' })
  })
  after(() => app.stop())

  const storedAda = () => User.findById(ada.user._id).orFail().lean()

  it('GET /api/users/me – signed in → profile, Cache-Control: no-store', async () => {
    const res = await ada.get('/api/users/me').expect(200)
    expect(res.headers['cache-control']).to.equal('no-store')
    expect(res.body.res.user).to.include({
      id: ada.user.id,
      username: 'ada',
      email: null,
      discoverable: false,
    })
    expect(JSON.stringify(res.body)).to.not.match(/passwordHash|location|usernameKey|\$2b\$/)
  })

  it('PATCH /api/users/me – every field → changed', async () => {
    const profile = {
      name: 'Ada 🦉',
      email: 'ada@example.org',
      firstName: 'Augusta',
      lastName: "O'King",
      mobile: '1511234567',
      countryCode: '49',
      profilePhoto: 'https://example.org/ada.png',
      discoverable: true,
      settings: { theme: 'dark', $set: { 'a.b': 1 }, lines: 'one\ntwo' },
    }
    const res = await ada.patch('/api/users/me').send(profile).expect(200)
    expect(res.body.res.user).to.deep.include(profile)
    const { settings, ...stored } = await storedAda()
    const { settings: sent, ...plain } = profile
    expect(stored).to.deep.include({ ...plain, mobileKey: '49-1511234567' })
    expect(JSON.parse(settings)).to.deep.equal(sent)
    const again = await ada.get('/api/users/me')
    expect(again.body.res.user).to.deep.equal(res.body.res.user)
  })

  it('PATCH /api/users/me – settings with keys such as constructor → kept as sent', async () => {
    await ada.patch('/api/users/me').send({ settings: null }).expect(200)
    const settings = '{"__proto__":{"admin":true},"constructor":1}'
    const res = await ada.patch('/api/users/me').type('json').send(`{"settings":${settings}}`).expect(200)
    expect(res.text).to.include(`"settings":${settings}`)
    expect((await storedAda()).settings).to.equal(settings)
  })

  it('PATCH /api/users/me – null → cleared, other fields unchanged', async () => {
    const res = await ada
      .patch('/api/users/me')
      .send({ email: null, mobile: null, countryCode: null, profilePhoto: null, settings: null })
      .expect(200)
    const cleared = { email: null, mobile: null, countryCode: null, profilePhoto: null }
    expect(res.body.res.user).to.deep.include({ ...cleared, settings: {}, name: 'Ada 🦉' })
    expect(await storedAda()).to.include({ ...cleared, mobileKey: null, settings: '{}', name: 'Ada 🦉' })
    const { body } = await grace.patch('/api/users/me').send({ countryCode: '44' }).expect(200)
    expect(body.res.user).to.include({ countryCode: '44', mobile: '5550100' })
    expect((await User.findById(grace.user._id).orFail()).mobileKey).to.equal('44-5550100')
  })

  it('PATCH /api/users/me – two concurrent changes of one telephone number → consistent number and key', async () => {
    const linus = await signUp(app, 'linus', { countryCode: '1', mobile: '5550199' })
    await Promise.all([
      linus.patch('/api/users/me').send({ countryCode: '46' }),
      linus.patch('/api/users/me').send({ mobile: '5550177' }),
    ])
    const stored = await User.findById(linus.user._id).orFail().lean()
    expect(stored).to.include({ countryCode: '46', mobile: '5550177', mobileKey: '46-5550177' })
  })

  const long = 'x'.repeat(101)
  const refusals: [name: string, body: object, status: number, code: string, field: string][] = [
    ['an invalid email', { email: 'ada' }, 400, 'validation_failed', 'email'],
    ['an email of another user', { email: 'GRACE@example.org' }, 409, 'taken', 'email'],
    ['a mobile of another user', { countryCode: '+44', mobile: '5550100' }, 409, 'taken', 'mobile'],
    ['a mobile without countryCode', { mobile: '5550100' }, 400, 'validation_failed', 'countryCode'],
    ['an invalid countryCode', { countryCode: '1234' }, 400, 'validation_failed', 'countryCode'],
    ['a mobile with letters', { mobile: '55501a', countryCode: '1' }, 400, 'validation_failed', 'mobile'],
    ['a long name', { name: long }, 400, 'validation_failed', 'name'],
    ['a blank name', { name: '  ' }, 400, 'validation_failed', 'name'],
    ['a name with a line break', { firstName: 'a\nb' }, 400, 'validation_failed', 'firstName'],
    ['a name with a NUL character', { lastName: 'a\0b' }, 400, 'validation_failed', 'lastName'],
    ['a name with a lone surrogate', { name: 'a\ud800' }, 400, 'validation_failed', 'name'],
    ['an object as the name', { name: { $gt: '' } }, 400, 'validation_failed', 'name'],
    ['an array as the name', { name: ['Ada'] }, 400, 'validation_failed', 'name'],
    ['a number as the name', { name: 5 }, 400, 'validation_failed', 'name'],
    [
      'an http URL as the photo',
      { profilePhoto: 'http://example.org/a.png' },
      400,
      'validation_failed',
      'profilePhoto',
    ],
    [
      'a javascript URL as the photo',
      { profilePhoto: 'javascript:alert(1)' },
      400,
      'validation_failed',
      'profilePhoto',
    ],
    [
      'a long photo URL',
      { profilePhoto: `https://a.org/${'x'.repeat(2040)}` },
      400,
      'validation_failed',
      'profilePhoto',
    ],
    ['text as discoverable', { discoverable: 'true' }, 400, 'validation_failed', 'discoverable'],
    ['an array as settings', { settings: [] }, 400, 'validation_failed', 'settings'],
    ['text as settings', { settings: '{"a":1}' }, 400, 'validation_failed', 'settings'],
    ['settings over 4 kB', { settings: { a: 'x'.repeat(4000) } }, 400, 'validation_failed', 'settings'],
    ['access', { access: 'admin' }, 400, 'validation_failed', 'access'],
    ['a username', { username: 'root' }, 400, 'validation_failed', 'username'],
    ['space', { space: { limit: 1 } }, 400, 'validation_failed', 'space'],
    ['a password hash', { passwordHash: 'x' }, 400, 'validation_failed', 'passwordHash'],
    ['a name of Object.prototype', { constructor: 'x' }, 400, 'validation_failed', 'constructor'],
  ]
  for (const [name, body, status, code, field] of refusals) {
    it(`PATCH /api/users/me – ${name} → ${status} ${code}, nothing changed`, async () => {
      const before = await storedAda()
      const res = await ada.patch('/api/users/me').send(body)
      expect(res.body.err, res.text).to.include({ code })
      expect(res.status).to.equal(status)
      expect(res.body.err.details.map((detail: { field: string }) => detail.field)).to.include(field)
      const { lastAccessAt: _now, ...after } = await storedAda()
      const { lastAccessAt: _then, ...unchanged } = before
      expect(after).to.deep.equal(unchanged)
    })
  }

  it('PATCH /api/users/me – __proto__ or unknown query → 400', async () => {
    const res = await ada.patch('/api/users/me').type('json').send('{"__proto__":{"access":"admin"}}')
    expect(res.status).to.equal(400)
    const query = await ada.get('/api/users/me?full=1')
    expect(query.status).to.equal(400)
    expect(query.body.err.details).to.deep.equal([{ field: 'full', message: 'is not a known field' }])
    expect((await storedAda()).access).to.equal('user')
  })

  it('/api/users/me – no token → 401', async () => {
    for (const request of [
      app.api.get('/api/users/me'),
      app.api.patch('/api/users/me').send({ name: 'x' }),
    ]) {
      const res = await request
      expect(res.status).to.equal(401)
      expect(res.headers).to.include({
        'www-authenticate': 'Bearer realm="kura"',
        'cache-control': 'no-store',
      })
      expect(res.body.err.code).to.equal('unauthenticated')
    }
  })
})
