import { expect } from 'chai'
import { type Connection, Schema } from 'mongoose'
import { onRealEngine, openDatabase } from './engine.ts'

const userSchema = new Schema(
  {
    name: { type: String, required: true },
    email: { type: String, lowercase: true },
    mobile: String,
    space: { limit: Number, used: { type: Number, default: 0 }, reserved: { type: Number, default: 0 } },
    tags: [String],
    logins: [{ at: Date, ip: String }],
  },
  { timestamps: true, optimisticConcurrency: true },
)
userSchema.index({ email: 1 }, { unique: true, partialFilterExpression: { email: { $type: 'string' } } })
userSchema.index({ mobile: 1 }, { unique: true, sparse: true })
userSchema.index({ name: 1, _id: -1 })
userSchema.index({ name: 'text', tags: 'text' }, { weights: { name: 10, tags: 5 } })

describe('Mongoose on the embedded database', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>
  let connection: Connection
  const defineUser = () => connection.model('User', userSchema)
  let User: ReturnType<typeof defineUser>

  before(async () => {
    database = await openDatabase()
    connection = database.connection
    User = defineUser()
    await User.init()
  })
  after(() => database.close())
  beforeEach(() => User.deleteMany({}))

  it('syncIndexes – second run → no change', async () => {
    expect(await User.syncIndexes()).to.deep.equal([])
    const names = (await User.listIndexes()).map(({ name }) => name)
    expect(names).to.have.members(['_id_', 'email_1', 'mobile_1', 'name_1__id_-1', 'name_text_tags_text'])
  })

  it('syncIndexes – options changed or index no longer declared → replaced or dropped', async () => {
    const changed = connection.model(
      'Other',
      new Schema({ a: Number, b: Number }).index({ a: 1 }).index({ b: 1 }),
    )
    await changed.init()
    connection.deleteModel('Other')
    const again = connection.model('Other', new Schema({ a: Number }).index({ a: 1 }, { unique: true }))
    await again.syncIndexes()
    const indexes = await again.listIndexes()
    expect(indexes.map(({ name, unique }) => [name, unique === true])).to.deep.equal([
      ['_id_', false],
      ['a_1', true],
    ])
  })

  it('create, find, save – document → stored, version counted', async () => {
    const created = await User.create({ name: 'Alice', email: 'A@x.org', tags: ['a', 'b'] })
    expect(created.__v).to.equal(0)
    created.tags.push('c')
    created.name = 'Alicia'
    await created.save()
    const stored = await User.findById(created._id).lean()
    expect(stored).to.deep.include({ name: 'Alicia', email: 'a@x.org', tags: ['a', 'b', 'c'], __v: 1 })
    expect(stored?.updatedAt).to.be.greaterThan(new Date(0))
  })

  it('save – concurrent change → VersionError', async () => {
    const first = await User.create({ name: 'Alice' })
    const second = await User.findById(first._id).orFail()
    first.name = 'One'
    second.name = 'Two'
    await first.save()
    const error = await second.save().catch((e: unknown) => e)
    expect(error).to.have.property('name', 'VersionError')
    expect((await User.findById(first._id))?.name).to.equal('One')
  })

  it('create – duplicate key in a unique, partial or sparse index → error 11000', async () => {
    await User.create([{ name: 'n' }, { name: 'm' }, { name: 'o', email: 'a@x.org', mobile: '1' }])
    const error = await User.create({ name: 'p', email: 'a@x.org' }).catch((e: unknown) => e)
    expect(error).to.deep.include({ code: 11000, keyPattern: { email: 1 }, keyValue: { email: 'a@x.org' } })
    expect(String(error)).to.contain('E11000 duplicate key error collection: ')
    expect(String(error)).to.contain('index: email_1 dup key: { email: "a@x.org" }')
    const other = await User.updateOne({ name: 'n' }, { mobile: '1' }).catch((e: unknown) => e)
    expect(other).to.deep.include({ code: 11000, keyPattern: { mobile: 1 }, keyValue: { mobile: '1' } })
    expect(await User.countDocuments()).to.equal(3)
  })

  it('findOneAndUpdate – upsert with $setOnInsert → defaults and timestamps set', async () => {
    const user = await User.findOneAndUpdate(
      { email: 'b@x.org' },
      { $inc: { 'space.used': 5 }, $set: { name: 'Bob' } },
      { upsert: true, returnDocument: 'after', setDefaultsOnInsert: true },
    ).lean()
    expect(user).to.deep.include({
      email: 'b@x.org',
      name: 'Bob',
      space: { used: 5, reserved: 0 },
      tags: [],
      __v: 0,
    })
    const again = await User.findOneAndUpdate(
      { email: 'b@x.org' },
      { name: 'Bobby' },
      { upsert: true },
    ).lean()
    expect(again?.name).to.equal('Bob')
    expect(await User.countDocuments()).to.equal(1)
  })

  it('updateOne – hundreds of parallel conditional updates → limit not exceeded', async () => {
    const { _id } = await User.create({ name: 'Carol', space: { limit: 1000 } })
    const reserve = () =>
      User.findOneAndUpdate(
        { _id, $expr: { $lte: [{ $add: ['$space.used', '$space.reserved', 7] }, '$space.limit'] } },
        { $inc: { 'space.reserved': 7 } },
        { returnDocument: 'after' },
      ).lean()
    const results = await Promise.all(Array.from({ length: 300 }, reserve))
    expect(results.filter((user) => user !== null)).to.have.length(142)
    expect((await User.findById(_id).lean())?.space?.reserved).to.equal(994)
  })

  it('create – parallel inserts of a unique value → exactly one', async () => {
    const attempts = Array.from({ length: 40 }, (_, i) => User.create({ name: `n${i}`, email: 'same@x.org' }))
    const results = await Promise.allSettled(attempts)
    expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
  })

  it('cursor – many documents → batches', async () => {
    await User.insertMany(Array.from({ length: 350 }, (_, i) => ({ name: `n${String(i).padStart(3, '0')}` })))
    const names: string[] = []
    for await (const user of User.find().sort({ name: 1 }).lean().cursor({ batchSize: 50 }))
      names.push(user.name)
    expect(names).to.have.length(350)
    expect(names).to.deep.equal(names.toSorted())
  })

  it('bulkWrite – some operations fail → their errors listed', async () => {
    const result = await User.bulkWrite([
      { insertOne: { document: { name: 'a', email: 'a@x.org' } } },
      { updateOne: { filter: { name: 'a' }, update: { $set: { 'space.used': 3 } } } },
      { updateOne: { filter: { name: 'new' }, update: { $set: { 'space.used': 1 } }, upsert: true } },
      { deleteOne: { filter: { name: 'none' } } },
    ])
    expect(result).to.include({ insertedCount: 1, modifiedCount: 1, upsertedCount: 1, deletedCount: 0 })
    const failure = await User.insertMany([{ name: 'x', email: 'a@x.org' }, { name: 'y' }], {
      ordered: false,
    }).catch((e: unknown) => e)
    expect(failure).to.have.property('code', 11000)
    expect(await User.countDocuments({ name: 'y' })).to.equal(1)
  })

  if (!onRealEngine) {
    it('startTransaction – standalone server → refused', async () => {
      const session = await connection.startSession()
      const error = await session
        .withTransaction(() => User.create([{ name: 'T' }], { session }))
        .catch((e: unknown) => e)
        .finally(() => session.endSession())
      expect(error)
        .to.have.property('originalError')
        .that.includes({ code: 20, codeName: 'IllegalOperation' })
      expect(await User.countDocuments()).to.equal(0)
    })
  }
})
