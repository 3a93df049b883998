import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import mongoose, { Types } from 'mongoose'
import { connectDatabase, disconnectDatabase } from '../../../app/lifecycle/database.ts'
import { syncIndexes } from '../../../app/maintenance/indexes.ts'
import { events as migration } from '../../../app/maintenance/migrations/0002-events.ts'
import { Event } from '../../../models/event.ts'
import { CommandInterceptor } from '../../support/app/command-interceptor.ts'
import { databaseUri } from '../../support/app/mongo.ts'

const DAY = 86_400_000

/** Returns a document as the previous release stored it. */
const activity = (user: Types.ObjectId, n: number, action = 'login.succeeded') => ({
  _id: new Types.ObjectId(),
  at: new Date(Date.now() - n * 1000),
  action,
  user,
  accounts: [user],
  target: { type: 'session', id: String(n) },
  address: '192.0.2.7',
  userAgent: 'a browser',
  requestId: null,
  details: {},
  expiresAt: new Date(Date.now() + 100 * DAY),
})

describe('migration of activities to events', function () {
  this.timeout(60_000)
  const former = () => mongoose.connection.collection('activities')
  const names = async () => (await mongoose.connection.listCollections()).map(({ name }) => name)
  const migrate = () => migration.up({ report: () => undefined, checkpoint: () => undefined })
  const stored = () => Event.find().sort({ at: -1 }).lean()
  const page = (account: Types.ObjectId, from?: Parameters<typeof Event.page>[0]['from']) =>
    Event.page({ account, now: new Date(), limit: 2, from })

  let ada: Types.ObjectId
  let bob: Types.ObjectId
  beforeEach(async () => {
    ada = new Types.ObjectId()
    bob = new Types.ObjectId()
    await connectDatabase(await databaseUri(), `kura-events-${randomBytes(6).toString('hex')}`)
    await syncIndexes()
  })
  afterEach(async () => {
    await mongoose.connection.dropDatabase()
    await disconnectDatabase()
  })

  it('up – activities and changes → same activities in events, both collections dropped; repeated → no change', async () => {
    const activities = Array.from({ length: 1201 }, (_, n) => activity(n % 2 ? ada : bob, n))
    await former().insertMany(activities)
    await mongoose.connection.collection('changes').insertOne({ at: new Date() })
    await migrate()
    expect(await stored()).to.deep.equal(activities)
    expect(await names()).to.not.include.members(['activities', 'changes'])
    await migrate()
    expect(await stored()).to.deep.equal(activities)
  })

  it('up – a process of the previous release adds an activity later → listed, moved by the next run', async () => {
    await former().insertOne(activity(ada, 2))
    await migrate()
    const late = activity(ada, 1)
    await former().insertOne(late)
    expect((await page(ada)).activities.map(({ _id }) => String(_id))).to.include(String(late._id))
    await migrate()
    expect(await stored()).to.have.length(2)
    expect(await names()).to.not.include('activities')
  })

  it('page – some activities moved, some not → each once, newest first, over several pages', async () => {
    const activities = Array.from({ length: 5 }, (_, n) => activity(ada, n))
    await former().insertMany(activities.slice(1, 4))
    // The second one is copied, but not deleted yet.
    await Event.collection.insertMany([0, 1, 4].map((n) => activities[n] as never))
    const ids: string[] = []
    for (let from: Parameters<typeof page>[1]; ; ) {
      const { activities: found, next } = await page(ada, from)
      ids.push(...found.map(({ _id }) => String(_id)))
      if (!next) break
      from = next
    }
    expect(ids).to.deep.equal(activities.map(({ _id }) => String(_id)))
  })

  it('up – account deleted while its activities are copied → only lasting ones stay, without address', async () => {
    await former().insertMany([activity(ada, 1), activity(ada, 2, 'user.changed'), activity(bob, 3)])
    const interceptor = new CommandInterceptor()
    try {
      const copied = 1
      await interceptor.before(copied, () => Event.forget(ada), migrate)
    } finally {
      interceptor.close()
    }
    const left = await stored()
    expect(left.map(({ action, address }) => [action, address])).to.deep.equal([
      ['user.changed', null],
      ['login.succeeded', '192.0.2.7'],
    ])
  })

  it('forget – activities that are not moved yet → only lasting ones stay, without address', async () => {
    await former().insertMany([activity(ada, 1), activity(ada, 2, 'user.changed'), activity(bob, 3)])
    await Event.forget(ada)
    const left = await former().find().sort({ at: -1 }).toArray()
    expect(left.map(({ action, address }) => [action, address])).to.deep.equal([
      ['user.changed', null],
      ['login.succeeded', '192.0.2.7'],
    ])
  })
})
