import { expect } from 'chai'
import { mongo, Types } from 'mongoose'
import { type Collection, type Document, onRealEngine, openDatabase } from '../engine.ts'
import { codeOf } from './refusal.ts'

const { ObjectId } = Types
const { Binary } = mongo
const id = (n: number) => new ObjectId(n.toString(16).padStart(24, '0'))

/** Documents with every type of value, and with nested lists and documents. */
const docs: Document[] = [
  { _id: 1, a: 1 },
  { _id: 2, a: null },
  { _id: 3 },
  { _id: 4, a: [] },
  { _id: 5, a: [1, 5, 9] },
  { _id: 6, a: 'x' },
  { _id: 7, a: { b: 1 } },
  { _id: 8, a: { b: null } },
  { _id: 9, a: [{ b: 1 }, { b: 2 }] },
  { _id: 10, a: [{ b: null }] },
  { _id: 11, a: [{ c: 1 }] },
  { _id: 12, a: [{ b: 1 }, {}] },
  { _id: 13, a: new Date('2024-01-01T00:00:00.000Z') },
  { _id: 14, a: true },
  { _id: 15, a: id(5) },
  { _id: 16, a: 2.5 },
  { _id: 17, a: [[1, 2], 3] },
  { _id: 18, a: {} },
  { _id: 19, a: new Binary(Buffer.from('ab')) },
  { _id: 21, a: Number.NaN },
  { _id: 22, a: [null] },
  { _id: 23, a: { b: [1, 2] } },
  { _id: 24, a: -7 },
  { _id: 25, a: 'X1' },
  { _id: 26, a: [{ b: [3, 4] }, { b: 5 }] },
  { _id: 27, a: false },
  { _id: 28, a: 0 },
  { _id: 29, a: '' },
  { _id: 30, a: [1, [5]] },
  { _id: 31, a: Number.POSITIVE_INFINITY },
  { _id: 32, a: 3000000000 },
]

/** Filters and the numbers of the documents that they match. */
const found: [filter: Document, ids: number[]][] = [
  [{ a: /x/i }, [6, 25]],
  [{ a: /^x/ }, [6]],
  [{ $or: [{ a: /^X/ }, { a: 1 }] }, [1, 5, 25, 30]],
  [{ a: 1 }, [1, 5, 30]],
  [{ a: null }, [2, 3, 22]],
  [
    { a: { $ne: null } },
    [1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32],
  ],
  [
    { a: { $exists: true } },
    [
      1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
      31, 32,
    ],
  ],
  [{ a: { $exists: false } }, [3]],
  [{ 'a.b': null }, [1, 2, 3, 6, 8, 10, 11, 12, 13, 14, 15, 16, 18, 19, 21, 24, 25, 27, 28, 29, 31, 32]],
  [{ 'a.b': { $ne: null } }, [4, 5, 7, 9, 17, 22, 23, 26, 30]],
  [
    { 'a.b': { $exists: false } },
    [1, 2, 3, 4, 5, 6, 11, 13, 14, 15, 16, 17, 18, 19, 21, 22, 24, 25, 27, 28, 29, 30, 31, 32],
  ],
  [{ 'a.b': { $exists: true } }, [7, 8, 9, 10, 12, 23, 26]],
  [{ a: { $gt: 1 } }, [5, 16, 17, 31, 32]],
  [{ a: { $gte: 1 } }, [1, 5, 16, 17, 30, 31, 32]],
  [{ a: { $lt: 5 } }, [1, 5, 16, 17, 24, 28, 30]],
  [{ a: { $lte: 5 } }, [1, 5, 16, 17, 24, 28, 30]],
  [
    { a: { $ne: 1 } },
    [2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 31, 32],
  ],
  [{ a: { $in: [1, 'x', null] } }, [1, 2, 3, 5, 6, 22, 30]],
  [
    { a: { $nin: [1, 'x', null] } },
    [4, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 23, 24, 25, 26, 27, 28, 29, 31, 32],
  ],
  [{ a: [] }, [4]],
  [{ a: [1, 5, 9] }, [5]],
  [{ a: { $in: [[], [1, 5, 9]] } }, [4, 5]],
  [{ a: { b: 1 } }, [7, 9, 12]],
  [{ 'a.b': 1 }, [7, 9, 12, 23]],
  [{ 'a.b': { $gt: 1 } }, [9, 23, 26]],
  [
    { 'a.b': { $in: [2, null] } },
    [1, 2, 3, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 21, 23, 24, 25, 27, 28, 29, 31, 32],
  ],
  [{ 'a.0': 1 }, [5, 30]],
  [{ 'a.0.b': 1 }, [9, 12]],
  [{ 'a.1.b': { $exists: true } }, [9, 26]],
  [{ a: { $size: 0 } }, [4]],
  [{ a: { $size: 2 } }, [9, 12, 17, 26, 30]],
  [{ a: { $all: [1, 9] } }, [5]],
  [{ a: { $all: [] } }, []],
  [{ a: { $all: [[1, 5, 9]] } }, [5]],
  [{ a: { $elemMatch: { b: 1 } } }, [9, 12]],
  [{ a: { $elemMatch: { $gt: 1, $lt: 6 } } }, [5, 17]],
  [{ a: { $gt: 1, $lt: 5 } }, [5, 16, 17]],
  [{ a: { $elemMatch: { b: { $exists: false } } } }, [11, 12, 17, 30]],
  [{ a: { $all: [{ $elemMatch: { b: 1 } }, { $elemMatch: { b: 2 } }] } }, [9]],
  [
    { a: { $not: { $gt: 1 } } },
    [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30],
  ],
  [{ a: { $type: 'string' } }, [6, 25, 29]],
  [{ a: { $type: 'number' } }, [1, 5, 16, 17, 21, 24, 28, 30, 31, 32]],
  [{ a: { $type: 'array' } }, [4, 5, 9, 10, 11, 12, 17, 22, 26, 30]],
  [{ a: { $type: 'object' } }, [7, 8, 9, 10, 11, 12, 18, 23, 26]],
  [{ a: { $type: 'null' } }, [2, 22]],
  [{ a: { $type: 'date' } }, [13]],
  [{ a: { $type: 'bool' } }, [14, 27]],
  [{ a: { $type: 'objectId' } }, [15]],
  [{ a: { $type: 'binData' } }, [19]],
  [{ a: { $type: ['string', 'bool'] } }, [6, 14, 25, 27, 29]],
  [{ a: true }, [14]],
  [{ a: new Date('2024-01-01T00:00:00.000Z') }, [13]],
  [{ a: { $gt: new Date('2023-01-01T00:00:00.000Z') } }, [13]],
  [{ a: id(5) }, [15]],
  [{ a: { $gte: id(1) } }, [15]],
  [{ a: { $gte: '' } }, [6, 25, 29]],
  [{ a: { $lt: true } }, [27]],
  [{ a: { $lte: true } }, [14, 27]],
  [{ a: { $gte: null } }, [2, 3, 22]],
  [{ a: { $gt: null } }, []],
  [{ a: { $lte: null } }, [2, 3, 22]],
  [{ a: Number.NaN }, [21]],
  [{ a: { $lt: Number.NaN } }, []],
  [{ a: { $gte: Number.NaN } }, [21]],
  [{ a: { $gt: { b: 0 } } }, [7, 9, 11, 12, 23, 26]],
  [{ a: { $lt: { b: 2 } } }, [7, 8, 9, 10, 12, 18]],
  [{ a: { $gt: [1] } }, [5, 9, 10, 11, 12, 17, 26, 30]],
  [{ a: { $lt: [2] } }, [4, 5, 17, 22, 30]],
  [{ a: { $gte: [] } }, [4, 5, 9, 10, 11, 12, 17, 22, 26, 30]],
  [{ $or: [{ a: 1 }, { a: 'x' }] }, [1, 5, 6, 30]],
  [
    { $nor: [{ a: 1 }, { a: { $exists: false } }] },
    [2, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 31, 32],
  ],
  [{ $and: [{ a: { $gt: 0 } }, { a: { $lt: 6 } }] }, [1, 5, 16, 17, 30]],
  [{ a: { $eq: null } }, [2, 3, 22]],
  [{ a: { $eq: [1, 5, 9] } }, [5]],
  [{ a: new Binary(Buffer.from('ab')) }, [19]],
  [{ a: { $gt: new Binary(Buffer.from('aa')) } }, [19]],
  [
    { a: { $not: { $elemMatch: { b: 1 } } } },
    [
      1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
      32,
    ],
  ],
  [
    { a: { $not: { $size: 2 } } },
    [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14, 15, 16, 18, 19, 21, 22, 23, 24, 25, 27, 28, 29, 31, 32],
  ],
  [
    { a: { $nin: [] } },
    [
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29,
      30, 31, 32,
    ],
  ],
  [{ a: { $in: [] } }, []],
  [
    { a: { $ne: [] } },
    [
      1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
      31, 32,
    ],
  ],
  [
    { a: { $ne: [1, 5, 9] } },
    [
      1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
      31, 32,
    ],
  ],
  [{ 'a.b.0': 1 }, [23]],
  [{ 'a.b': 3 }, [26]],
  [{ 'a.b': { $size: 2 } }, [23, 26]],
  [{ 'a.b': { $elemMatch: { $gte: 4 } } }, [26]],
  [{ 'a.b': [1, 2] }, [23]],
  [{ a: { $lt: Number.POSITIVE_INFINITY } }, [1, 5, 16, 17, 24, 28, 30, 32]],
  [{ a: { $gt: 1000000000 } }, [31, 32]],
  [{ a: { $elemMatch: { $in: [5] } } }, [5]],
  [{ a: { $elemMatch: { $ne: 1 } } }, [5, 9, 10, 11, 12, 17, 22, 26, 30]],
  [{ a: { $elemMatch: { $not: { $gt: 1 } } } }, [5, 9, 10, 11, 12, 17, 22, 26, 30]],
  [{ a: { $elemMatch: { $or: [{ b: 1 }, { c: 1 }] } } }, [9, 11, 12]],
  [{ a: { $elemMatch: {} } }, [9, 10, 11, 12, 17, 26, 30]],
  [{ $expr: { $eq: ['$a', 1] } }, [1]],
  [
    { $expr: { $gt: ['$a', 1] } },
    [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22, 23, 25, 26, 27, 29, 30, 31, 32],
  ],
  [{ $expr: { $lt: ['$a', 1] } }, [2, 3, 21, 24, 28]],
  [{ $expr: { $eq: ['$a', null] } }, [2]],
  [{ $expr: { $eq: [{ $ifNull: ['$missing', '$a', 5] }, 1] } }, [1]],
  [{ $expr: { $lt: [{ $ifNull: ['$a', 0] }, 1] } }, [2, 3, 21, 24, 28]],
  [
    { $expr: '$a' },
    [1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 29, 30, 31, 32],
  ],
  [{ _id: { $in: [3, 1, 99, 3] } }, [1, 3]],
  [{ _id: { $gt: 30 } }, [31, 32]],
  [{ _id: { $in: [3, 1] }, a: 1 }, [1]],
  [
    { _id: { $ne: 4 } },
    [
      1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
      31, 32,
    ],
  ],
  [{ _id: { $gte: 3, $lt: 6 } }, [3, 4, 5]],
  [{ _id: 3, a: { $exists: false } }, [3]],
  [{ a: { b: 1, $eq: 1 } }, []],
]

/** Invalid filters and their error codes. */
const refused: [filter: Document, code: number][] = [
  [{ a: { $foo: 1 } }, 2],
  [{ $foo: 1 }, 2],
  [{ a: { $in: 1 } }, 2],
  [{ $or: [] }, 2],
  [{ $or: {} }, 2],
  [{ a: { $size: -1 } }, 2],
  [{ a: { $all: 1 } }, 2],
  [{ a: { $elemMatch: 1 } }, 2],
  [{ a: { $type: 'foo' } }, 2],
  [{ a: { $not: 1 } }, 2],
  [{ a: { $eq: 1, b: 1 } }, 2],
  [{ $and: [1] }, 2],
  [{ a: { $options: 'i' } }, 2],
  [{ $nor: 1 }, 2],
]

describe('Filters', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>
  let plain: Collection

  before(async () => {
    database = await openDatabase()
    plain = await collectionOf('plain')
  })
  after(() => database.close())

  async function collectionOf(name: string, ...indexes: Record<string, 1 | -1>[]) {
    const collection = database.connection.collection<Document>(name)
    for (const index of indexes) await collection.createIndex(index)
    await collection.insertMany(docs)
    return collection
  }

  async function idsFrom(collection: Collection, filter: Document) {
    const matching = await collection.find(filter).project({ _id: 1 }).sort({ _id: 1 }).toArray()
    return matching.map(({ _id }) => _id)
  }

  it('find – filters → the expected documents', async () => {
    for (const [filter, ids] of found) {
      expect(await idsFrom(plain, filter), show(filter)).to.deep.equal(ids)
      expect(await plain.countDocuments(filter), show(filter)).to.equal(ids.length)
    }
  })

  it('find – invalid filters → error code', async () => {
    for (const [filter, code] of refused) {
      expect(await codeOf(plain.find(filter).toArray()), show(filter)).to.equal(code)
    }
  })

  // skipped on the real engine, which loses NaN and some lists with these indexes
  if (!onRealEngine) {
    it('find – filters with an index → the same documents', async () => {
      const indexed = await collectionOf('indexed', { a: 1 })
      const nested = await collectionOf('nested', { 'a.b': -1, _id: 1 })
      for (const [filter, ids] of found) {
        expect(await idsFrom(indexed, filter), show(filter)).to.deep.equal(ids)
        expect(await idsFrom(nested, filter), show(filter)).to.deep.equal(ids)
      }
    })
  }
})

const show = (filter: Document) => JSON.stringify(filter)
