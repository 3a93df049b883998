import { expect } from 'chai'
import { Types } from 'mongoose'
import { sessions as migration } from '../../../app/maintenance/migrations/0004-sessions.ts'
import { Session } from '../../../models/session.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { CommandInterceptor } from '../../support/app/command-interceptor.ts'
import { signIn, signUp, signUpAdmin, type TestUser } from '../../support/app/users.ts'

describe('migration of sessions', function () {
  this.timeout(60_000)
  let app: TestApp
  let ada: TestUser
  let root: TestUser
  beforeEach(async () => {
    app = await startApp()
    root = await signUpAdmin(app, 'root')
    ada = await signUp(app, 'ada')
  })
  afterEach(() => app.stop())

  const migrate = () => migration.up({ report: () => undefined, checkpoint: () => undefined })
  const stored = () => Session.find().sort({ _id: 1 }).lean()
  /** Makes sessions look as the previous release stored them. */
  const forget = (filter: object = {}) => Session.collection.updateMany(filter, { $unset: { account: '' } })

  it('up – valid sessions → same sessions as a sign-in stores; repeated → no change', async () => {
    for (let n = 0; n < 5; n++) await signIn(app, ada.user)
    const before = await stored()
    await forget()
    await migrate()
    expect(await stored()).to.deep.equal(before)
    await migrate()
    expect(await stored()).to.deep.equal(before)
    await root.get(`/api/users/${ada.user.id}`).expect(200)
  })

  it('up – more sessions than a batch → all of them', async () => {
    const { _id, key, ...fields } = await Session.findById(ada.session._id).orFail().lean()
    await Session.insertMany(Array.from({ length: 1100 }, () => ({ ...fields, _id: new Types.ObjectId() })))
    await forget()
    await migrate()
    expect(await Session.countDocuments({ user: ada.user._id, 'account.username': 'ada' })).to.equal(1101)
  })

  it('up – session that changed the password → stays, others of that user are deleted', async () => {
    await signIn(app, ada.user)
    const { _id } = ada.session
    await User.updateOne({ _id: ada.user._id }, { sessionEpoch: 3, epochSession: _id })
    await forget()
    await migrate()
    const [session, ...others] = await Session.find({ user: ada.user._id }).lean()
    expect(others).to.deep.equal([])
    expect(session).to.deep.include({ _id, epoch: 3 })
  })

  for (const state of [{ disabled: true }, { deleting: true }, null])
    it(`up – user ${state ? JSON.stringify(state) : 'deleted'} → sessions deleted`, async () => {
      if (state) await User.updateOne({ _id: ada.user._id }, state)
      else await User.deleteOne({ _id: ada.user._id })
      await forget()
      await migrate()
      expect(await Session.countDocuments({ user: ada.user._id })).to.equal(0)
      expect(await Session.countDocuments({ user: root.user._id })).to.equal(1)
    })

  it('up – access changed or sign-out meanwhile → the change stays', async () => {
    const other = await signUp(app, 'other')
    await forget()
    const gate = new CommandInterceptor()
    const commands = await gate.record(migrate)
    await forget()
    await gate.before(
      commands.indexOf('sessions.bulkWrite'),
      async () => {
        await root.patch(`/api/users/${ada.user.id}`).send({ access: 'admin' }).expect(200)
        await other.post('/api/auth/logout').expect(204)
      },
      migrate,
    )
    gate.close()
    expect((await Session.findById(ada.session._id).orFail()).account).to.include({
      access: 'admin',
      version: 1,
    })
    await other.get('/api/users/me').expect(401)
  })
})
