import { expect } from 'chai'
import { finishDeletion } from '../../app/accounts/delete-account.ts'
import { Asset } from '../../models/asset.ts'
import { Capacity, SERVER } from '../../models/capacity.ts'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { setDeleting } from '../../models/user-state.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { keysOf } from '../support/app/state.ts'
import { PASSWORD, signIn, signUp } from '../support/app/users.ts'

describe('DELETE /api/users/me', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())

  const login = (name: string) => app.api.post('/api/auth/login').send({ login: name, password: PASSWORD })

  it('DELETE /api/users/me – account with data → account, sessions, assets and objects deleted, names free', async () => {
    const ada = await signUp(app, 'ada', { email: 'ada@example.org' })
    const elsewhere = await signIn(app, ada.user)
    const bob = await signUp(app, 'bob')
    await ada.post('/api/assets').attach('files', Buffer.from('hers'), 'a.txt').expect(201)
    await bob.post('/api/assets').attach('files', Buffer.from('his'), 'b.txt').expect(201)
    expect(await keysOf(app)).to.have.length(2)

    const res = await ada.delete('/api/users/me').send({ password: PASSWORD })

    expect(res.status, res.text).to.equal(204)
    expect(res.text).to.equal('')
    expect(await User.findById(ada.user._id)).to.equal(null)
    expect(await Session.countDocuments({ user: ada.user._id })).to.equal(0)
    expect(await Asset.find().lean()).to.have.length(1)
    expect(await keysOf(app)).to.have.length(1)
    expect((await Capacity.spaceOf(SERVER))?.used).to.equal(3)
    for (const caller of [ada, elsewhere]) await caller.get('/api/users/me').expect(401)
    await login('ada').expect(401)
    const { body } = await app.api
      .post('/api/auth/register')
      .send({ username: 'ADA', password: PASSWORD, email: 'ada@example.org' })
      .expect(201)
    expect(body.res.user.id).to.not.equal(ada.user.id)
    expect(body.res.user.space).to.include({ used: 0, files: 0 })
  })

  it('DELETE /api/users/me – no or wrong password → refused', async () => {
    const cat = await signUp(app, 'cat')
    const refusals: [object, number, string][] = [
      [{ password: 'not this password' }, 403, 'bad_credentials'],
      [{}, 400, 'validation_failed'],
      [{ password: { $ne: '' } }, 400, 'validation_failed'],
      [{ password: PASSWORD, force: true }, 400, 'validation_failed'],
    ]
    for (const [body, status, code] of refusals) {
      const res = await cat.delete('/api/users/me').send(body)
      expect(res.status, JSON.stringify(body)).to.equal(status)
      expect(res.body.err.code).to.equal(code)
    }
    expect(await User.findById(cat.user._id).orFail()).to.include({ deleting: false })
    await cat.get('/api/users/me').expect(200)
  })

  it('DELETE /api/users/me – the last two admins concurrently → one stays', async () => {
    const [dan, eve] = await Promise.all([signUp(app, 'dan'), signUp(app, 'eve')])
    await User.updateMany({ usernameKey: { $in: ['dan', 'eve'] } }, { access: 'admin' })
    const leave = [dan, eve].map((admin) => admin.delete('/api/users/me').send({ password: PASSWORD }))
    const statuses = (await Promise.all(leave)).map(({ status }) => status).sort()

    expect(statuses.join(' ')).to.be.oneOf(['204 409', '409 409'])
    const admins = await User.find({ access: 'admin', deleting: false })
    expect(admins).to.have.length(statuses.filter((status) => status === 409).length)
    expect(admins).to.not.have.length(0)
  })

  it('account deletion – interrupted → account hidden, name kept; finishDeletion completes it', async () => {
    const fay = await signUp(app, 'fay')
    await setDeleting(fay.user._id, true)

    await fay.get('/api/users/me').expect(401)
    const refused = await login('fay')
    expect(refused.body.err.code).to.equal('bad_credentials')
    await app.api.post('/api/auth/register').send({ username: 'fay', password: PASSWORD }).expect(409)

    expect(await finishDeletion(app.context, fay.user._id)).to.equal(true)
    expect(await User.findById(fay.user._id)).to.equal(null)
    expect(await finishDeletion(app.context, fay.user._id)).to.equal(true)
    await app.api.post('/api/auth/register').send({ username: 'fay', password: PASSWORD }).expect(201)
  })

  it('finishDeletion – account not under deletion → nothing deleted', async () => {
    const gil = await signUp(app, 'gil')
    await gil.post('/api/assets').attach('files', Buffer.from('kept'), 'a.txt').expect(201)
    await finishDeletion(app.context, gil.user._id)
    expect(await User.findById(gil.user._id)).to.not.equal(null)
    expect(await Asset.findOne({ owner: gil.user._id })).to.include({ state: 'ready' })
    await gil.get('/api/users/me').expect(200)
  })
})
