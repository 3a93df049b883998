import { expect } from 'chai'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { PASSWORD, requestsOf, signIn, signUp } from '../support/app/users.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const sessionIdOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti.split('.')[0]

describe('sessions', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())

  it('GET /api/auth/sessions – several sessions → own active ones, newest first in pages', async () => {
    const first = await signUp(app, 'ada')
    await signUp(app, 'other-user')
    const second = await signIn(app, first.user)
    const third = await signIn(app, first.user)
    const ended = await signIn(app, first.user)
    await Session.updateOne({ _id: sessionIdOf(ended.token) }, { expiresAt: new Date(Date.now() - 1) })

    const { body } = await second.get('/api/auth/sessions').expect(200)
    const stored = await Session.find({ user: first.user._id, expiresAt: { $gt: new Date() } })
      .sort({ createdAt: -1, _id: -1 })
      .lean()
    expect(body.res).to.deep.equal({
      sessions: stored.map((session) => ({
        id: session._id.toString(),
        createdAt: session.createdAt.toISOString(),
        lastAccessAt: session.lastAccessAt.toISOString(),
        expiresAt: session.expiresAt.toISOString(),
        userAgent: 'tests',
        current: session._id.toString() === sessionIdOf(second.token),
      })),
      next: null,
    })

    const page = await third.get('/api/auth/sessions?limit=2').expect(200)
    expect(page.body.res.sessions).to.have.length(2)
    const rest = await third.get(`/api/auth/sessions?limit=2&cursor=${page.body.res.next}`).expect(200)
    expect([...page.body.res.sessions, ...rest.body.res.sessions].map(({ id }) => id)).to.deep.equal(
      stored.map(({ _id }) => _id.toString()),
    )
    expect(rest.body.res.next).to.equal(null)
  })

  for (const query of [
    'limit=0',
    'limit=101',
    'limit=x',
    'limit=1&limit=2',
    'cursor=%00',
    'cursor=abc',
    'page=2',
  ])
    it(`GET /api/auth/sessions?${query} – invalid query → 400`, async () => {
      const bob = await signUp(app, `bob-${query.replace(/\W/g, '.')}`)
      const res = await bob.get(`/api/auth/sessions?${query}`)
      expect(res.status, res.text).to.equal(400)
      expect(res.body.err.details[0].field).to.equal(query.split('=')[0])
    })

  it('POST /api/auth/logout – next request on every process → 401', async () => {
    const cat = await signUp(app, 'cat')
    const elsewhere = requestsOf({ api: await app.secondInstance() }, cat.token)
    await elsewhere.get('/api/auth/session').expect(200)

    const res = await cat.post('/api/auth/logout')
    expect([res.status, res.text]).to.deep.equal([204, ''])
    expect(await Session.countDocuments({ user: cat.user._id })).to.equal(0)
    for (const caller of [elsewhere, cat]) {
      const { status, body } = await caller.get('/api/auth/session')
      expect([status, body.err.code]).to.deep.equal([401, 'unauthenticated'])
    }
  })

  it('DELETE /api/auth/sessions/:id – own session → only this one invalid; session of another user → 404', async () => {
    const dan = await signUp(app, 'dan')
    const phone = await signIn(app, dan.user)
    const eve = await signUp(app, 'eve')
    const { body } = await phone.get('/api/auth/session')
    const path = `/api/auth/sessions/${body.res.session.id}`

    await eve.delete(path).expect(404)
    await phone.get('/api/auth/session').expect(200)
    await dan.delete(path).expect(204)
    await phone.get('/api/auth/session').expect(401)
    await dan.get('/api/auth/session').expect(200)
    for (const id of [body.res.session.id, 'x', '%00', '[object Object]'])
      await dan.delete(`/api/auth/sessions/${id}`).expect(404)
  })

  it('session – 48 hours without a request → 401', async () => {
    const fay = await signUp(app, 'fay')
    app.clock.advance(48 * HOUR - MINUTE)
    const { body } = await fay.get('/api/auth/session').expect(200)
    const { lastAccessAt, expiresAt } = body.res.session
    expect(Date.parse(expiresAt) - Date.parse(lastAccessAt)).to.equal(48 * HOUR)
    expect(app.clock.now().getTime() - Date.parse(lastAccessAt)).to.be.within(0, 5000)
    const user = await User.findById(fay.user._id).orFail()
    expect(user.lastAccessAt?.toISOString()).to.equal(lastAccessAt)

    app.clock.advance(48 * HOUR + MINUTE)
    await fay.get('/api/auth/session').expect(401)
  })

  it('session – used every day, 30 days after sign-in → 401', async () => {
    const gil = await signUp(app, 'gil')
    for (let day = 1; day < 30; day++) {
      app.clock.advance(DAY)
      await gil.get('/api/auth/session').expect(200)
    }
    const { expiresAt, createdAt } = await Session.findOne({ user: gil.user._id }).orFail()
    expect(expiresAt.getTime() - createdAt.getTime()).to.equal(30 * DAY)
    app.clock.advance(DAY)
    await gil.get('/api/auth/session').expect(401)
  })

  it('session – requests within one minute → lastAccessAt written once', async () => {
    const hal = await signUp(app, 'hal')
    const begun = await Session.findOne({ user: hal.user._id }).orFail().lean()
    app.clock.advance(30_000)
    await hal.get('/api/auth/session').expect(200)
    expect(await Session.findById(begun._id).lean()).to.deep.equal(begun)
    app.clock.advance(31_000)
    await hal.get('/api/auth/session').expect(200)
    expect((await Session.findById(begun._id).orFail()).lastAccessAt).to.be.above(begun.lastAccessAt)
  })

  it('session – request while the session is ended → stays ended', async () => {
    const ida = await signUp(app, 'ida')
    const session = await Session.findOne({ user: ida.user._id }).orFail().lean()
    await Session.end(session._id)
    await Session.touch(session, new Date(Date.now() + HOUR), HOUR)
    expect(await Session.findById(session._id)).to.equal(null)
  })

  describe('PUT /api/auth/password', () => {
    it('PUT /api/auth/password – right password → changed, all other sessions invalid', async () => {
      const joe = await signUp(app, 'joe', { email: 'joe@example.org' })
      const phone = await signIn(app, joe.user)
      const other = await signUp(app, 'other')
      const password = 'pässwörter 🔑 sind lang'

      await joe.put('/api/auth/password').send({ current: PASSWORD, password }).expect(204)

      await joe.get('/api/auth/session').expect(200)
      await phone.get('/api/auth/session').expect(401)
      await other.get('/api/auth/session').expect(200)
      expect(await Session.countDocuments({ user: joe.user._id })).to.equal(1)
      await app.api.post('/api/auth/login').send({ login: 'joe', password: PASSWORD }).expect(401)
      await app.api.post('/api/auth/login').send({ login: 'joe', password }).expect(200)
    })

    it('PUT /api/auth/password – wrong password or invalid input → refused, nothing changed', async () => {
      const kim = await signUp(app, 'kim.kimble', { email: 'kim@example.org' })
      const phone = await signIn(app, kim.user)
      const stored = () => User.findById(kim.user._id).select('+passwordHash').orFail().lean()
      const { passwordHash } = await stored()
      const password = 'a new and better one'
      const refusals: [object, number, string][] = [
        [{ current: 'wrong password', password }, 403, 'bad_credentials'],
        [{ current: PASSWORD, password: 'short' }, 400, 'validation_failed'],
        [{ current: PASSWORD, password: 'ü'.repeat(37) }, 400, 'validation_failed'],
        [{ current: PASSWORD, password: 'Password123' }, 400, 'validation_failed'],
        [{ current: PASSWORD, password: 'KIM.kimble' }, 400, 'validation_failed'],
        [{ current: PASSWORD, password: 'kim@example.org' }, 400, 'validation_failed'],
        [{ current: PASSWORD, password: 'with\nline break' }, 400, 'validation_failed'],
        [{ current: PASSWORD, password: { $ne: '' } }, 400, 'validation_failed'],
        [{ current: PASSWORD }, 400, 'validation_failed'],
        [{ password }, 400, 'validation_failed'],
      ]
      for (const [body, status, code] of refusals) {
        const res = await kim.put('/api/auth/password').send(body)
        expect([res.status, res.body.err.code], JSON.stringify(body)).to.deep.equal([status, code])
        if (status === 400)
          expect(res.body.err.details[0].field).to.equal('current' in body ? 'password' : 'current')
        expect((await stored()).passwordHash).to.equal(passwordHash)
      }
      await phone.get('/api/auth/session').expect(200)
    })

    it('PUT /api/auth/password – two concurrent changes → one succeeds', async () => {
      const leo = await signUp(app, 'leo')
      const change = (password: string) => leo.put('/api/auth/password').send({ current: PASSWORD, password })
      const results = await Promise.all([change('the one new password'), change('the other new password')])
      expect(results.map(({ status }) => status).sort()).to.deep.equal([204, 403])
    })
  })
})
