import { expect } from 'chai'
import { Event } from '../../models/event.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { PASSWORD, requestsOf, signIn, signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const NEW_PASSWORD = 'a quite different horse'
const TYPED = 'oops-my-password-in-the-wrong-field'

interface Entry {
  id: string
  at: string
  action: string
  user: string | null
  target: { type: string; id: string } | null
  address: string | null
  userAgent: string | null
  requestId: string | null
  details: Record<string, unknown>
}

describe('activity', () => {
  let app: TestApp
  let root: TestUser
  let ada: TestUser
  beforeEach(async () => {
    app = await startApp()
    root = await signUpAdmin(app, 'root')
    ada = await signUp(app, 'ada')
  })
  afterEach(() => app.stop())

  async function read(
    user: Pick<TestUser, 'get'>,
    path = '/api/users/me/activity?limit=100',
  ): Promise<Entry[]> {
    const { body } = await user.get(path).expect(200)
    return body.res.activity
  }
  const all = () => read(root, '/api/admin/activity?limit=100')
  const actions = (entries: Entry[]) => entries.map(({ action }) => action).reverse()

  it('POST /api/auth/login – good sign-in → activity with user, action, time, address, user agent and request id', async () => {
    await ada
      .put('/api/auth/password')
      .set({ 'User-Agent': 'a browser', 'X-Request-Id': 'request-1' })
      .send({ current: PASSWORD, password: NEW_PASSWORD })
      .expect(204)
    const [entry] = await read(ada)
    expect(entry).to.have.all.keys(
      ...['id', 'at', 'action', 'user', 'target', 'address', 'userAgent', 'requestId', 'details'],
    )
    expect(entry).to.deep.include({
      action: 'password.changed',
      user: ada.user.id,
      target: null,
      userAgent: 'a browser',
      requestId: 'request-1',
      details: {},
    })
    expect(entry?.address).to.match(/127\.0\.0\.1$/)
    expect(Math.abs(Date.parse(String(entry?.at)) - app.clock.now().getTime())).to.be.lessThan(HOUR)
  })

  it('GET /api/activity – every recorded action of an account → listed, no secret in it', async () => {
    const { body: registered } = await app.api
      .post('/api/auth/register')
      .send({ username: 'mary' })
      .expect(201)
    const { accountKey, token, user } = registered.res
    const mary = { user, token, ...requestsOf(app, token) }
    await app.api.post('/api/auth/login').send({ login: 'mary', password: TYPED }).expect(401)
    const again = await app.api
      .post('/api/auth/login')
      .send({ login: 'mary', password: accountKey })
      .expect(200)
    await requestsOf(app, again.body.res.token).post('/api/auth/logout').expect(204)
    await app.api.post('/api/auth/login').send({ login: 'mary', password: accountKey }).expect(200)
    const { body: sessions } = await mary.get('/api/auth/sessions').expect(200)
    const other = sessions.res.sessions.find(({ current }: { current: boolean }) => !current)
    await mary.delete(`/api/auth/sessions/${other.id}`).expect(204)
    await mary.put('/api/auth/password').send({ current: TYPED, password: NEW_PASSWORD }).expect(403)
    await mary.put('/api/auth/password').send({ current: accountKey, password: NEW_PASSWORD }).expect(204)

    const asset = await uploadAsset(mary, { name: 'Secret chair' })
    const url = `/api/assets/${asset.id}`
    await mary.put(`${url}/collaborators/ada`).send({ access: 'read' }).expect(200)
    await mary.delete(`${url}/collaborators/ada`).expect(204)
    await mary.delete(`${url}/collaborators/ada`).expect(404)
    const { body: made } = await mary.post(`${url}/links`).send({ password: 'open sesame' }).expect(201)
    await mary.delete(`${url}/links/${made.res.link.id}`).expect(204)
    await mary.put(`${url}/lock`).send({ legalHold: true }).expect(200)
    await mary.delete(`${url}/lock`).expect(204)
    await mary.delete(`${url}/lock`).expect(204)
    await mary.patch(url).send({ visibility: 'public' }).expect(200)
    await mary.patch(url).send({ visibility: 'public', name: 'Secret table' }).expect(200)
    await mary.delete(url).expect(204)

    const entries = await read(mary)
    expect(actions(entries)).to.deep.equal([
      'account.registered',
      'login.succeeded',
      'login.failed',
      'login.succeeded',
      'session.ended',
      'login.succeeded',
      'session.revoked',
      'password.refused',
      'password.changed',
      'collaborator.set',
      'collaborator.removed',
      'link.created',
      'link.revoked',
      'lock.set',
      'lock.released',
      'asset.visibility_changed',
      'asset.deleted',
    ])
    for (const entry of entries) expect(entry.user).to.equal(user.id)
    const shared = entries.find(({ action }) => action === 'collaborator.set')
    expect(shared).to.deep.include({
      target: { type: 'asset', id: asset.id },
      details: { username: 'ada', access: 'read' },
    })
    const kept = JSON.stringify([entries, await Event.find().lean()])
    const secrets = [accountKey, token, again.body.res.token, made.res.link.token, NEW_PASSWORD, TYPED]
    for (const secret of [...secrets, PASSWORD, 'open sesame', 'Secret', '$2b$'])
      expect(kept).not.to.contain(secret)
  })

  it('POST /api/auth/login – wrong password → in the activity of that account; unknown name → for admins only', async () => {
    await app.api.post('/api/auth/login').send({ login: 'ada', password: 'wrong password' }).expect(401)
    await app.api.post('/api/auth/login').send({ login: TYPED, password: 'wrong password' }).expect(401)
    expect((await read(ada)).filter(({ action }) => action === 'login.failed')).to.have.length(1)
    const failed = (await all()).filter(({ action }) => action === 'login.failed')
    expect(failed.map(({ user }) => user)).to.deep.equal([null, ada.user.id])
    expect(failed[0]?.details).to.deep.equal({})
    expect(JSON.stringify(await Event.find().lean())).not.to.contain(TYPED)
  })

  it('GET /api/activity – action of an admin on the account → shown without the admin; admins see all', async () => {
    const asset = await uploadAsset(ada, { visibility: 'public' })
    await ada.put(`/api/assets/${asset.id}/lock`).send({ legalHold: true }).expect(200)
    await root.delete(`/api/admin/assets/${asset.id}/lock`).expect(204)
    await root.delete(`/api/admin/assets/${asset.id}`).expect(204)
    await root
      .patch(`/api/users/${ada.user.id}`)
      .send({ space: { limit: 7 } })
      .expect(200)
    const seen = (await read(ada)).slice(0, 3)
    expect(actions(seen)).to.deep.equal(['lock.lifted', 'asset.taken_down', 'user.changed'])
    for (const entry of seen)
      expect(entry).to.include({ user: null, address: null, userAgent: null, requestId: null })
    expect(seen[0]?.details).to.deep.equal({ limit: 7 })
    for (const entry of (await all()).slice(0, 3)) {
      expect(entry.user).to.equal(root.user.id)
      expect(entry.address).to.match(/127\.0\.0\.1$/)
    }
  })

  it('GET /api/activity – activity of other users → not listed', async () => {
    const bob = await signUp(app, 'bob')
    expect(await read(bob)).to.have.length(1)
    const { body } = await bob.get('/api/admin/activity').expect(403)
    expect(body.err.code).to.equal('forbidden')
    await app.api.get('/api/users/me/activity').expect(401)
    await app.api.get('/api/admin/activity').expect(401)
  })

  it('GET /api/activity – pages with a cursor → newest first, entries added between pages do not shift them', async () => {
    for (let n = 0; n < 4; n += 1) await signIn(app, ada.user)
    const whole = await read(ada)
    const ids: string[] = []
    let cursor = ''
    do {
      const { body } = await ada.get(`/api/users/me/activity?limit=2${cursor}`).expect(200)
      ids.push(...body.res.activity.map(({ id }: Entry) => id))
      await signIn(app, ada.user)
      cursor = body.res.next ? `&cursor=${body.res.next}` : ''
    } while (cursor)
    expect(ids).to.deep.equal(whole.map(({ id }) => id))
    const { body } = await ada.get('/api/users/me/activity?limit=1').expect(200)
    await root.get(`/api/admin/activity?cursor=${body.res.next}`).expect(400)
    await ada.get('/api/users/me/activity?user=1').expect(400)
  })

  it('GET /api/activity – ACTIVITY_DAYS have passed → not listed', async () => {
    app.clock.advance(366 * DAY)
    expect(await Event.countDocuments()).to.be.greaterThan(0)
    root = await signIn(app, root.user)
    expect(actions(await all())).to.deep.equal(['login.succeeded'])
  })

  it('DELETE /api/users/me – account with activity → only the deletion and its acts as an admin stay', async () => {
    const second = await signUpAdmin(app, 'second')
    await second.patch(`/api/users/${ada.user.id}`).send({ disabled: true }).expect(200)
    await second.delete('/api/users/me').send({ password: PASSWORD }).expect(204)
    await root.delete(`/api/users/${ada.user.id}`).expect(204)
    const left = await Event.find({ action: { $exists: true }, user: { $ne: root.user._id } })
      .sort({ at: 1, _id: 1 })
      .lean()
    expect(left.map(({ action }) => action)).to.deep.equal(['user.changed', 'account.deleted'])
    for (const { user, address, userAgent } of left) {
      expect(user?.toString()).to.equal(second.user.id)
      expect([address, userAgent]).to.deep.equal([null, null])
    }
    const [deleted] = await all()
    expect(deleted).to.deep.include({
      action: 'user.deleted',
      user: root.user.id,
      target: { type: 'user', id: ada.user.id },
    })
  })
})
