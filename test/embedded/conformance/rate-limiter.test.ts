import { expect } from 'chai'
import { RateLimiterMongo } from 'rate-limiter-flexible'
import { openDatabase } from '../engine.ts'

describe('rate-limiter-flexible on the engine', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>
  const limiter = (keyPrefix: string, options: object = {}) =>
    new RateLimiterMongo({
      storeClient: database.connection.getClient(),
      dbName: database.connection.name,
      tableName: 'attempts',
      keyPrefix,
      points: 5,
      duration: 60,
      ...options,
    })

  before(async () => {
    database = await openDatabase()
  })
  after(() => database.close())

  it('consume – parallel callers → as many succeed as there are points', async () => {
    const attempts = limiter('parallel')
    await attempts.createIndexes()
    const results = await Promise.allSettled(Array.from({ length: 40 }, () => attempts.consume('10.0.0.1')))
    expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(5)
    const stored = await database.connection
      .collection('attempts')
      .find({ key: 'parallel:10.0.0.1' })
      .toArray()
    expect(stored).to.have.length(1)
    expect(stored[0]?.points).to.equal(40)
    expect(stored[0]?.expire).to.be.instanceOf(Date)
  })

  it('consume, reward, block – several keys → counted separately', async () => {
    const attempts = limiter('apart')
    await attempts.consume('a', 3)
    expect((await attempts.consume('b')).remainingPoints).to.equal(4)
    expect((await attempts.reward('a', 2)).consumedPoints).to.equal(1)
    await attempts.block('a', 30)
    const refusal = await attempts.consume('a').catch((reason: unknown) => reason)
    expect(refusal).to.have.property('msBeforeNext').that.is.within(25_000, 30_000)
    expect(await attempts.delete('a')).to.equal(true)
    expect((await attempts.consume('a')).consumedPoints).to.equal(1)
  })

  it('consume – duration over → all points available', async () => {
    const attempts = limiter('short', { points: 1, duration: 1 })
    const first = await attempts.consume('a')
    const refusal = await attempts.consume('a').catch((reason: unknown) => reason)
    expect(refusal).to.have.property('consumedPoints', 2)
    const collection = database.connection.collection('attempts')
    const past = new Date(Date.now() - first.msBeforeNext)
    await collection.updateOne({ key: 'short:a' }, { $set: { expire: past } })
    expect((await attempts.consume('a')).consumedPoints).to.equal(1)
  })

  it('createIndexes – collection of the limiter → TTL index', async () => {
    const indexes = await database.connection.collection('attempts').indexes()
    expect(
      indexes.map(({ key, unique, expireAfterSeconds }) => ({ key, unique, expireAfterSeconds })),
    ).to.deep.include({
      key: { expire: -1 },
      unique: undefined,
      expireAfterSeconds: 0,
    })
  })
})
