import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { keysOf } from '../support/app/state.ts'
import { PASSWORD, signIn, signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'

const HOUR = 3_600_000

describe('admins and accounts', () => {
  let app: TestApp
  let root: TestUser
  let ada: TestUser
  const url = (user: TestUser) => `/api/users/${user.user.id}`
  const stored = (user: TestUser) => User.findById(user.user._id).orFail().lean()

  beforeEach(async () => {
    app = await startApp()
    root = await signUpAdmin(app, 'root')
    ada = await signUp(app, 'ada')
  })
  afterEach(() => app.stop())

  it('PATCH /api/users/:id – access and space → changed, other fields unchanged', async () => {
    const { body } = await root
      .patch(url(ada))
      .send({ space: { limit: 5 } })
      .expect(200)
    expect(body.res.user).to.include({ username: 'ada', access: 'user', disabled: false })
    expect(body.res.user.space).to.deep.equal({ used: 0, limit: 5, files: 0, fileLimit: 250_000 })
    await ada.post('/api/assets').attach('files', Buffer.alloc(6), 'a.bin').expect(507)
    await root.patch(url(ada)).send({ access: 'admin' }).expect(200)
    expect(await stored(ada)).to.include({ access: 'admin', disabled: false })
    expect((await stored(ada)).space.limit).to.equal(5)
    await ada.get(url(root)).expect(200)
    await root.patch(url(ada)).send({ access: 'user' }).expect(200)
    await ada.get(url(root)).expect(404)
    await root.patch(url(ada)).send({}).expect(200)
  })

  it('PATCH /api/users/:id {disabled} – true, then false → sessions invalid and no sign-in, then sign-in again', async () => {
    const second = await signIn(app, ada.user)
    const other = await app.secondInstance()
    await root.patch(url(ada)).send({ disabled: true }).expect(200)
    for (const { token } of [ada, second])
      await other.get('/api/users/me').set('Authorization', `Bearer ${token}`).expect(401)
    expect(await Session.countDocuments({ user: ada.user._id })).to.equal(0)
    const login = () => app.api.post('/api/auth/login').send({ login: 'ada', password: PASSWORD })
    await login().expect(401)
    await root.patch(url(ada)).send({ disabled: false }).expect(200)
    await ada.get('/api/users/me').expect(401)
    await login().expect(200)
  })

  const REFUSED: [name: string, body: object, field: string][] = [
    ['an unknown access', { access: 'root' }, 'access'],
    ['text as disabled', { disabled: 'true' }, 'disabled'],
    ['a number as space', { space: 5 }, 'space'],
    ['an array as space', { space: [5] }, 'space'],
    ['used space', { space: { used: 0 } }, 'space'],
    ['a negative limit', { space: { limit: -1 } }, 'space'],
    ['half a byte', { space: { limit: 0.5 } }, 'space'],
    ['text as the limit', { space: { limit: '5' } }, 'space'],
    ['a name', { name: 'x' }, 'name'],
    ['a password hash', { passwordHash: 'x' }, 'passwordHash'],
    ['a location', { location: 'x' }, 'location'],
  ]
  it('PATCH /api/users/:id – fields that admins cannot set → 400', async () => {
    const before = await stored(ada)
    for (const [name, body, field] of REFUSED) {
      const { body: response, status } = await root.patch(url(ada)).send(body)
      expect(status, name).to.equal(400)
      expect(
        response.err.details.map((detail: { field: string }) => detail.field),
        name,
      ).to.include(field)
    }
    expect(await stored(ada)).to.deep.equal(before)
  })

  it('PATCH and DELETE /api/users/:id – last admin → 409', async () => {
    for (const change of [{ access: 'user' }, { disabled: true }]) {
      const { body } = await root.patch(url(root)).send(change).expect(409)
      expect(body.err.code).to.equal('conflict')
    }
    await root.delete(url(root)).expect(409)
    await root.delete('/api/users/me').send({ password: PASSWORD }).expect(409)
    expect(await stored(root)).to.include({ access: 'admin', disabled: false, deleting: false })
    await root.patch(url(root)).send({ access: 'admin', disabled: false }).expect(200)
    const idle = await signUpAdmin(app, 'idle')
    await root.patch(url(idle)).send({ disabled: true }).expect(200)
    await root.patch(url(root)).send({ access: 'user' }).expect(409)
    await root.delete(url(idle)).expect(204)
  })

  it('PATCH and DELETE /api/users/:id – all admins give up their access concurrently → one stays', async () => {
    const admins = [root, await signUpAdmin(app, 'second'), await signUpAdmin(app, 'third')]
    const leave = [
      (user: TestUser) => user.patch(url(user)).send({ access: 'user' }),
      (user: TestUser) => user.patch(url(user)).send({ disabled: true }),
      (user: TestUser) => user.delete('/api/users/me').send({ password: PASSWORD }),
    ]
    const responses = await Promise.all(admins.map((user, n) => leave[n]?.(user)))
    for (const response of responses) expect([200, 204, 409]).to.include(response?.status)
    expect(await User.countDocuments({ access: 'admin', disabled: false, deleting: false })).to.be.at.least(1)
  })

  it('DELETE /api/users/:id – account with data → account and all its data deleted', async () => {
    await uploadAsset(ada)
    expect(await keysOf(app)).not.to.have.length(0)
    await root.delete(url(ada)).expect(204)
    expect(await User.findById(ada.user._id)).to.equal(null)
    expect(await Asset.countDocuments({ owner: ada.user._id })).to.equal(0)
    expect(await keysOf(app)).to.deep.equal([])
    await ada.get('/api/users/me').expect(401)
    await root.get(url(ada)).expect(404)
    await root.delete(url(ada)).expect(404)
  })

  it('DELETE /api/users/:id – an asset is locked → 423, nothing deleted', async () => {
    const asset = await uploadAsset(ada)
    const until = new Date(app.clock.now().getTime() + HOUR).toISOString()
    await ada.put(`/api/assets/${asset.id}/lock`).send({ mode: 'compliance', until }).expect(200)
    const { body } = await root.delete(url(ada)).expect(423)
    expect(body.err.code).to.equal('locked')
    expect(await stored(ada)).to.include({ deleting: false })
    await ada.get(`/api/assets/${asset.id}/download`).expect(200)
    app.clock.advance(HOUR + 1)
    await root.delete(url(ada)).expect(204)
  })

  it('PATCH and DELETE /api/users/:id – not an admin → 403 for any id', async () => {
    const missing = '/api/users/64b000000000000000000000'
    for (const path of [url(root), url(ada), missing]) {
      for (const request of [ada.patch(path).send({ access: 'admin' }), ada.delete(path)]) {
        const { body } = await request.expect(403)
        expect(body.err).to.have.all.keys('code', 'message', 'requestId')
        expect(body.err.code).to.equal('forbidden')
      }
      await app.api.patch(path).send({ access: 'admin' }).expect(401)
    }
    expect(await stored(ada)).to.include({ access: 'user' })
  })

  for (const [kind, make, change] of [
    ['assets', async () => (await uploadAsset(ada)).id, { name: 'x' }],
    [
      'projects',
      async () => (await ada.post('/api/projects').send({ title: 'Room' })).body.res.project.id,
      { title: 'x' },
    ],
  ] as const)
    it(`PUT /api/${kind}/:id/collaborators/:username – name of a deleted account → no access for a later account with that name`, async () => {
      const name = `bob-${kind}`
      const bob = await signUp(app, name)
      const path = `/api/${kind}/${await make()}`
      const entry = `${path}/collaborators/${name}`
      await ada.put(entry).send({ access: 'write' }).expect(200)
      await bob.get(path).expect(200)
      await root.delete(url(bob)).expect(204)
      const namesake = await signUp(app, name)
      await namesake.get(path).expect(404)
      for (const access of ['read', 'write']) {
        const { body } = await ada.put(entry).send({ access }).expect(200)
        expect(body.res.collaborator).to.include({ username: name, access })
        await namesake.get(path).expect(404)
        await namesake.patch(path).send(change).expect(404)
      }
      await ada.delete(entry).expect(204)
      await ada.put(entry).send({ access: 'read' }).expect(200)
      await namesake.get(path).expect(200)
    })
})
