import { expect } from 'chai'
import { type Document, openDatabase } from '../engine.ts'
import { codeOf } from './refusal.ts'
import { refusedUpdates, updates, upserts } from './update-cases.ts'

const original = (): Document => ({
  _id: 1,
  n: 5,
  s: 'x',
  o: { a: 1, b: [1, 2, 3] },
  l: [3, 1, 2],
  d: [
    { k: 'a', v: 1 },
    { k: 'b', v: 2 },
    { k: 'a', v: 3 },
  ],
  z: null,
  t: new Date('2024-01-01T00:00:00.000Z'),
})

describe('Updates', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>
  const collection = () => database.connection.collection<Document>('docs')

  before(async () => {
    database = await openDatabase()
  })
  after(() => database.close())
  beforeEach(async () => {
    await collection().deleteMany({})
  })

  const reset = async () => {
    await collection().replaceOne({ _id: 1 } as Document, original(), { upsert: true })
  }
  const show = (value: unknown) => JSON.stringify(value)

  it('update – operators → only named fields change', async () => {
    for (const { filter = {}, update, arrayFilters, changed, removed = [] } of updates) {
      await reset()
      const options = arrayFilters ? { arrayFilters } : {}
      const result = await collection().updateOne(filter, update, options)
      const kept = Object.entries(original()).filter(([field]) => !removed.includes(field))
      const expected = { ...Object.fromEntries(kept), ...changed }
      expect(await collection().findOne(), show(update)).to.deep.equal(expected)
      const modified = Object.keys(changed).length + removed.length > 0
      if (result.matchedCount === 1) expect(result.modifiedCount, show(update)).to.equal(modified ? 1 : 0)
      await reset()
      const after = await collection().findOneAndUpdate(filter, update, {
        ...options,
        returnDocument: 'after',
      })
      if (result.matchedCount === 1) expect(after, show(update)).to.deep.equal(expected)
    }
  })

  it('update – invalid operators → error code, no change', async () => {
    for (const { filter = {}, update, arrayFilters, code } of refusedUpdates) {
      await reset()
      const options = arrayFilters ? { arrayFilters } : {}
      expect(await codeOf(collection().updateOne(filter, update, options)), show(update)).to.equal(code)
      expect(await codeOf(collection().findOneAndUpdate(filter, update, options)), show(update)).to.equal(
        code,
      )
      expect(await collection().findOne(), show(update)).to.deep.equal(original())
    }
  })

  it('update – upsert without a match → document from filter and update', async () => {
    for (const [filter, update, expected] of upserts) {
      await collection().deleteMany({})
      if (typeof expected === 'number') {
        expect(await codeOf(collection().updateOne(filter, update, { upsert: true })), show(filter)).to.equal(
          expected,
        )
        expect(await collection().countDocuments()).to.equal(0)
        continue
      }
      const result = await collection().updateOne(filter, update, { upsert: true })
      const stored = await collection().findOne()
      expect(result, show(filter)).to.deep.include({
        matchedCount: 0,
        upsertedCount: 1,
        upsertedId: stored?._id,
      })
      expect({ _id: stored?._id, ...expected }, show([filter, update])).to.deep.equal(stored)
    }
  })

  it('replaceOne – document → replaced, _id kept', async () => {
    await reset()
    const result = await collection().replaceOne({ n: 5 }, { x: 1 })
    expect(result).to.include({ matchedCount: 1, modifiedCount: 1 })
    expect(await collection().findOne()).to.deep.equal({ _id: 1, x: 1 })
    expect(await codeOf(collection().replaceOne({ x: 1 }, { _id: 2, x: 1 } as Document))).to.equal(66)
    expect(await collection().findOneAndReplace({ x: 1 }, { y: 1 })).to.deep.equal({ _id: 1, x: 1 })
    expect(await collection().findOne()).to.deep.equal({ _id: 1, y: 1 })
  })

  it('findAndModify – sort → first one changed or removed, previous state returned', async () => {
    await collection().insertMany([{ n: 2 }, { n: 1 }, { n: 3 }])
    const first = await collection().findOneAndUpdate(
      {},
      { $set: { x: 1 } },
      { sort: { n: 1 }, returnDocument: 'after' },
    )
    expect(first).to.include({ n: 1, x: 1 })
    const last = await collection().findOneAndDelete({}, { sort: { n: -1 }, projection: { _id: 0 } })
    expect(last).to.deep.equal({ n: 3 })
    expect(await collection().findOneAndDelete({ n: 7 })).to.equal(null)
    const none = await collection().findOneAndUpdate(
      { n: 7 },
      { $set: { x: 1 } },
      { includeResultMetadata: true },
    )
    expect(none).to.deep.include({ value: null, lastErrorObject: { n: 0, updatedExisting: false } })
    expect(await collection().countDocuments()).to.equal(2)
  })

  it('updateMany – many → matched and modified counts', async () => {
    await collection().insertMany([{ n: 1 }, { n: 2 }, { n: 3, x: 1 }])
    const result = await collection().updateMany({ n: { $gt: 1 } }, { $set: { x: 1 } })
    expect(result).to.include({ matchedCount: 2, modifiedCount: 1 })
    expect(await collection().deleteMany({ x: 1 })).to.include({ deletedCount: 2 })
    expect(await collection().deleteOne({})).to.include({ deletedCount: 1 })
    expect(await collection().deleteOne({})).to.include({ deletedCount: 0 })
  })

  it('update – $currentDate → date of the server', async () => {
    await reset()
    const before = Date.now()
    await collection().updateOne({}, { $currentDate: { at: { $type: 'date' }, 'o.at': { $type: 'date' } } })
    const stored = await collection().findOne()
    for (const date of [stored?.at, stored?.o.at])
      expect(Number(date)).to.be.within(before - 1000, Date.now() + 1000)
  })
})
