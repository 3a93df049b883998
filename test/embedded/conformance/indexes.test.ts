import { expect } from 'chai'
import { Types } from 'mongoose'
import { type Collection, type Document, onRealEngine, openDatabase } from '../engine.ts'
import { codeOf } from './refusal.ts'

const id = new Types.ObjectId()
const date = new Date('2024-01-01T00:00:00Z')

interface UniqueCase {
  name: string
  key: Record<string, 1 | -1>
  options?: Document
  docs: [Document, Document]
  duplicate: boolean
}

const unique: UniqueCase[] = [
  { name: 'equal values', key: { a: 1 }, docs: [{ a: 1 }, { a: 1 }], duplicate: true },
  { name: 'a missing field counts as null', key: { a: 1 }, docs: [{}, { a: null }], duplicate: true },
  {
    name: 'sparse: missing fields are left out',
    key: { a: 1 },
    options: { sparse: true },
    docs: [{}, {}],
    duplicate: false,
  },
  {
    name: 'sparse: null is not missing',
    key: { a: 1 },
    options: { sparse: true },
    docs: [{ a: null }, { a: null }],
    duplicate: true,
  },
  {
    name: 'compound, one field differs',
    key: { a: 1, b: 1 },
    docs: [
      { a: 1, b: 1 },
      { a: 1, b: 2 },
    ],
    duplicate: false,
  },
  {
    name: 'compound, both equal',
    key: { a: 1, b: -1 },
    docs: [
      { a: 1, b: 1 },
      { a: 1, b: 1 },
    ],
    duplicate: true,
  },
  {
    name: 'compound and sparse: one field is enough to be in it',
    key: { a: 1, b: 1 },
    options: { sparse: true },
    docs: [{ a: 1 }, { a: 1 }],
    duplicate: true,
  },
  { name: 'lists share an element', key: { a: 1 }, docs: [{ a: [1, 2] }, { a: [2, 3] }], duplicate: true },
  {
    name: 'lists without a common element',
    key: { a: 1 },
    docs: [{ a: [1, 1] }, { a: [2] }],
    duplicate: false,
  },
  {
    name: 'partial: outside of the condition',
    key: { a: 1 },
    options: { partialFilterExpression: { b: true } },
    docs: [{ a: 1, b: true }, { a: 1 }],
    duplicate: false,
  },
  {
    name: 'partial: inside of the condition',
    key: { a: 1 },
    options: { partialFilterExpression: { b: true } },
    docs: [
      { a: 1, b: true },
      { a: 1, b: true },
    ],
    duplicate: true,
  },
  {
    name: 'paths through lists',
    key: { 'a.b': 1 },
    docs: [{ a: [{ b: 1 }, { b: 2 }] }, { a: { b: 2 } }],
    duplicate: true,
  },
  { name: 'dates', key: { a: -1 }, docs: [{ a: date }, { a: new Date(date) }], duplicate: true },
  { name: 'object ids', key: { a: 1 }, docs: [{ a: id }, { a: new Types.ObjectId(id) }], duplicate: true },
  { name: 'documents', key: { a: 1 }, docs: [{ a: { x: 1 } }, { a: { x: 1 } }], duplicate: true },
  { name: 'texts differ by case', key: { a: 1 }, docs: [{ a: 'x' }, { a: 'X' }], duplicate: false },
]

describe('Indexes', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>
  let collection: Collection
  let count = 0

  before(async () => {
    database = await openDatabase()
  })
  after(() => database.close())
  beforeEach(() => {
    count += 1
    collection = database.connection.collection<Document>(`c${count}`)
  })

  for (const { name, key, options = {}, docs, duplicate } of unique) {
    it(`unique index – ${name} → as MongoDB`, async () => {
      await collection.createIndex(key, { unique: true, ...options })
      await collection.insertOne({ ...docs[0] })
      const code = await codeOf(collection.insertOne({ ...docs[1] }))
      expect(code).to.equal(duplicate ? 11000 : undefined)
      expect(await collection.countDocuments()).to.equal(duplicate ? 1 : 2)
    })

    it(`unique index built afterwards – ${name} → as MongoDB`, async () => {
      await collection.insertMany(docs.map((doc) => ({ ...doc })))
      const code = await codeOf(collection.createIndex(key, { unique: true, ...options }))
      expect(code).to.equal(duplicate ? 11000 : undefined)
      expect(await collection.indexes()).to.have.length(duplicate ? 1 : 2)
    })
  }

  it('unique index – update keeps its key → accepted; takes the key of another document → refused', async () => {
    await collection.createIndex({ a: 1 }, { unique: true })
    await collection.insertMany([{ a: 1 }, { a: 2 }])
    await collection.updateOne({ a: 1 }, { $set: { a: 1, x: 1 } })
    expect(await codeOf(collection.updateOne({ a: 1 }, { $set: { a: 2 } }))).to.equal(11000)
    expect(await codeOf(collection.findOneAndUpdate({ a: 1 }, { $inc: { a: 1 } }))).to.equal(11000)
    await collection.deleteOne({ a: 2 })
    await collection.updateOne({ a: 1 }, { $set: { a: 2 } })
    expect(await collection.find({}, { projection: { _id: 0 } }).toArray()).to.deep.equal([{ a: 2, x: 1 }])
  })

  it('partial unique index – update into or out of the condition → checked', async () => {
    await collection.createIndex({ a: 1 }, { unique: true, partialFilterExpression: { live: true } })
    await collection.insertMany([
      { a: 1, live: true },
      { a: 1, live: false },
    ])
    expect(await codeOf(collection.updateOne({ live: false }, { $set: { live: true } }))).to.equal(11000)
    await collection.updateOne({ live: true }, { $set: { live: false } })
    await collection.updateOne({ live: false }, { $set: { live: true } })
    expect(await collection.countDocuments({ live: true })).to.equal(1)
  })

  it('unique index – duplicate → error with key and value', async () => {
    await collection.createIndex({ a: 1, b: -1 }, { unique: true })
    await collection.insertOne({ a: 'x', b: 2 })
    const error = await collection.insertOne({ a: 'x', b: 2 }).catch((e: unknown) => e)
    expect(error).to.deep.include({ code: 11000, keyPattern: { a: 1, b: -1 }, keyValue: { a: 'x', b: 2 } })
    expect(String(error)).to.match(
      /E11000 duplicate key error collection: \S+ index: a_1_b_-1 dup key: \{ a: "x", b: 2 \}/,
    )
    const byId = await collection.insertMany([{ _id: 1 }, { _id: 1 }] as Document[]).catch((e: unknown) => e)
    expect(byId).to.have.property('code', 11000)
    expect(String(byId)).to.contain('index: _id_ dup key: { _id: 1 }')
  })

  it('listIndexes – all kinds → as MongoDB lists them', async () => {
    await collection.createIndex({ a: 1 }, { unique: true })
    await collection.createIndex({ b: -1, c: 1 }, { sparse: true, name: 'own' })
    await collection.createIndex({ t: 1 }, { expireAfterSeconds: 60 })
    await collection.createIndex({ p: 1 }, { partialFilterExpression: { p: { $exists: true } } })
    await collection.createIndex({ x: 'text', y: 'text' }, { weights: { x: 5 } })
    const ofTheEngine = ['storageEngine', 'textIndexVersion', 'default_language']
    const listed = (await collection.indexes()).map((index) =>
      Object.fromEntries(Object.entries(index).filter(([option]) => !ofTheEngine.includes(option))),
    )
    expect(listed).to.deep.equal([
      { v: 2, key: { _id: 1 }, name: '_id_' },
      { v: 2, key: { a: 1 }, name: 'a_1', unique: true },
      { v: 2, key: { b: -1, c: 1 }, name: 'own', sparse: true },
      { v: 2, key: { t: 1 }, name: 't_1', expireAfterSeconds: 60 },
      { v: 2, key: { p: 1 }, name: 'p_1', partialFilterExpression: { p: { $exists: true } } },
      {
        v: 2,
        key: { _fts: 'text', _ftsx: 1 },
        name: 'x_text_y_text',
        weights: { x: 5, y: 1 },
        language_override: 'language',
      },
    ])
  })

  it('createIndexes – index exists → no change; different options → refused', async () => {
    await collection.createIndex({ a: 1 })
    await collection.createIndex({ a: 1 })
    expect(await collection.indexes()).to.have.length(2)
    expect(await codeOf(collection.createIndex({ a: 1 }, { name: 'other' }))).to.equal(85)
    expect(await codeOf(collection.createIndex({ b: 1 }, { name: 'a_1' }))).to.equal(86)
    expect(await codeOf(collection.createIndex({ a: 1 }, { unique: true }))).to.equal(86)
    expect(await codeOf(collection.createIndex({ b: 1, c: 1 }, { expireAfterSeconds: 5 }))).to.equal(67)
    expect(await collection.indexes()).to.have.length(2)
  })

  it('dropIndexes – by name or all → dropped, except that of _id', async () => {
    await collection.createIndexes([{ key: { a: 1 } }, { key: { b: 1 }, unique: true }, { key: { c: 1 } }])
    await collection.dropIndex('a_1')
    expect(await codeOf(collection.dropIndex('a_1'))).to.equal(27)
    expect(await codeOf(collection.dropIndex('_id_'))).to.equal(72)
    await collection.dropIndexes()
    expect((await collection.indexes()).map(({ name }) => name)).to.deep.equal(['_id_'])
    await collection.insertMany([{ b: 1 }, { b: 1 }])
    expect(await codeOf(database.connection.collection('nowhere').indexes())).to.equal(26)
  })

  // skipped on the real engine, which chooses indexes by its statistics
  if (!onRealEngine) {
    it('explain – filters and sorts → the index that serves them', async () => {
      await collection.insertMany(
        Array.from({ length: 50 }, (_, i) => ({
          owner: i % 5,
          visibility: i % 2 ? 'public' : 'private',
          at: i,
          tags: [`t${i}`],
        })),
      )
      await collection.createIndex({ visibility: 1, at: -1, _id: -1 })
      await collection.createIndex({ owner: 1, at: -1 })
      await collection.createIndex({ tags: 1 })
      const indexesOf = async (filter: Document, sort: Document = {}) => {
        const plan = await collection.find(filter).sort(sort).explain('queryPlanner')
        return [...JSON.stringify(plan.queryPlanner.winningPlan).matchAll(/"indexName":"([^"]+)"/g)].map(
          ([, name]) => name,
        )
      }
      expect(await indexesOf({ owner: 3 })).to.deep.equal(['owner_1_at_-1'])
      expect(await indexesOf({ visibility: 'public', at: { $lt: 30 } }, { at: -1, _id: -1 })).to.deep.equal([
        'visibility_1_at_-1__id_-1',
      ])
      expect(await indexesOf({ tags: { $in: ['t1', 't2'] } })).to.deep.equal(['tags_1'])
      expect(await indexesOf({ _id: new Types.ObjectId() })).to.deep.equal(['_id_'])
      expect(await indexesOf({ size: 1 })).to.deep.equal([])
    })
  }
})
