import { expect } from 'chai'
import { mongo } from 'mongoose'
import { type Document, openDatabase } from '../engine.ts'

describe('Cursors, collections and databases', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>
  const collection = (name: string) => database.connection.collection<Document>(name)
  const run = (command: Document): Promise<Document> =>
    database.connection.db?.command(command) ?? Promise.reject(new Error('no database'))

  before(async () => {
    database = await openDatabase()
    await collection('numbers').insertMany(Array.from({ length: 500 }, (_, n) => ({ n })))
  })
  after(() => database.close())

  it('find – no batchSize → 101 documents, then the rest', async () => {
    const { cursor } = await run({ find: 'numbers' })
    expect(cursor.firstBatch).to.have.length(101)
    const more = await run({ getMore: mongo.Long.fromValue(cursor.id), collection: 'numbers' })
    expect(more.cursor.nextBatch).to.have.length(399)
    expect(Number(more.cursor.id)).to.equal(0)
  })

  it('find – batchSize → batches of that size; 0 → empty first batch', async () => {
    const { cursor } = await run({ find: 'numbers', sort: { n: 1 }, batchSize: 0 })
    expect(cursor.firstBatch).to.deep.equal([])
    const more = await run({ getMore: mongo.Long.fromValue(cursor.id), collection: 'numbers', batchSize: 7 })
    expect(more.cursor.nextBatch.map(({ n }: Document) => n)).to.deep.equal([0, 1, 2, 3, 4, 5, 6])
    const killed = await run({ killCursors: 'numbers', cursors: [mongo.Long.fromValue(cursor.id)] })
    expect(killed.cursorsKilled).to.have.length(1)
  })

  it('find – large documents → batches below 16 MB', async () => {
    const big = collection('big')
    for (let i = 0; i < 5; i += 1) await big.insertOne({ text: 'x'.repeat(5_000_000) })
    const { cursor } = await run({ find: 'big' })
    expect(cursor.firstBatch).to.have.length.within(1, 3)
    expect(await big.find().toArray()).to.have.length(5)
    await big.drop()
  })

  it('find – skip, limit, close → applied', async () => {
    const page = await collection('numbers').find().sort({ n: -1 }).skip(10).limit(3).toArray()
    expect(page.map(({ n }) => n)).to.deep.equal([489, 488, 487])
    const { cursor } = await run({ find: 'numbers', batchSize: 2, singleBatch: true })
    expect(cursor.firstBatch).to.have.length(2)
    expect(Number(cursor.id)).to.equal(0)
  })

  it('listCollections, create, drop – collections → listed', async () => {
    await database.connection.createCollection('made')
    const names = async () => (await database.connection.listCollections()).map(({ name }) => name)
    expect(await names()).to.include('made')
    await collection('made').drop()
    expect(await names()).not.to.include('made')
    const other = database.connection.useDb(`${database.connection.name}_other`)
    await other.collection('a').insertOne({})
    const databases = await database.connection.listDatabases()
    expect(databases.databases.map(({ name }) => name)).to.include(other.name)
    await other.dropDatabase()
    const left = await database.connection.listDatabases()
    expect(left.databases.map(({ name }) => name)).not.to.include(other.name)
    expect(await collection('numbers').estimatedDocumentCount()).to.equal(500)
  })

  it('create – name of a dropped collection → no old documents or indexes', async () => {
    const again = collection('again')
    await again.createIndex({ a: 1 }, { unique: true })
    await again.insertOne({ a: 1 })
    await again.drop()
    await again.insertMany([{ a: 1 }, { a: 1 }])
    expect(await again.indexes()).to.have.length(1)
    expect(await again.countDocuments()).to.equal(2)
  })

  it('count, distinct – skip and limit → as MongoDB', async () => {
    const numbers = collection('numbers')
    expect(await numbers.countDocuments({ n: { $gte: 100 } }, { skip: 50, limit: 100 })).to.equal(100)
    expect(await numbers.countDocuments({ n: { $gte: 490 } }, { skip: 5 })).to.equal(5)
    expect(await numbers.countDocuments({ n: -1 })).to.equal(0)
    expect(await numbers.distinct('n', { n: { $lt: 3 } })).to.have.members([0, 1, 2])
  })
})
