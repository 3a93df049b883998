import { expect } from 'chai'
import { mongo } from 'mongoose'
import { type Document, onRealEngine, openDatabase } from '../engine.ts'
import { codeOf } from './refusal.ts'

const pipeline = (...stages: Document[]) => ({ aggregate: 'docs', pipeline: stages, cursor: {} })

/** Commands that every engine refuses, and the error codes. */
const refused: [name: string, command: Document, code: number][] = [
  ['an unknown command', { fetchAll: 1 }, 59],
  ['an unknown stage', pipeline({ $everything: 1 }), 40324],
  ['a stage of two fields', pipeline({ $match: {}, $limit: 1 }), 40323],
  ['an aggregate without a cursor', { aggregate: 'docs', pipeline: [] }, 9],
  ['a limit of nothing', pipeline({ $limit: 0 }), 15958],
  ['a group without _id', pipeline({ $group: { n: { $sum: 1 } } }), 15955],
  ['an unknown accumulator', pipeline({ $group: { _id: null, n: { $tally: 1 } } }), 15952],
  ['an unwind of no path', pipeline({ $unwind: 'tags' }), 28818],
  ['a sort by nothing', pipeline({ $sort: {} }), 15976],
  ['a cursor that is not there', { getMore: mongo.Long.fromNumber(4711), collection: 'docs' }, 43],
  ['indexes of a collection that is not there', { listIndexes: 'nowhere' }, 26],
  ['no documents to insert', { insert: 'docs', documents: [] }, 16],
]

const filter = (condition: Document) => ({ find: 'docs', filter: condition })
const projection = (fields: Document) => ({ find: 'docs', projection: fields })
const update = (u: Document | Document[], more: Document = {}) => ({
  update: 'docs',
  updates: [{ q: {}, u, ...more }],
})
const index = (key: Document, options: Document = {}) => ({
  createIndexes: 'docs',
  indexes: [{ key, name: 'refused', ...options }],
})
const expression = (x: unknown) => pipeline({ $project: { x } })

/** Features of MongoDB that the embedded database refuses as unknown names or options. */
const refusedHere: [code: number, commands: Document[]][] = [
  [20, [{ find: 'docs', txnNumber: mongo.Long.ONE, startTransaction: true, autocommit: false }]],
  [59, [{ mapReduce: 'docs' }, { renameCollection: 'docs' }, { collMod: 'docs' }, { currentOp: 1 }]],
  [
    2,
    [
      ...['$where', '$jsonSchema', '$comment'].map((name) => filter({ [name]: 'true' })),
      ...['$regex', '$mod', '$near', '$geoWithin', '$bitsAllSet'].map((name) => filter({ a: { [name]: 1 } })),
      ...['int', 'double', 'decimal', 'timestamp', 2].map((type) => filter({ a: { $type: type } })),
      filter({ $or: [{ $text: { $search: 'x' } }] }),
      ...['$sort', '$position'].map((name) => update({ $push: { b: { $each: [1], [name]: 1 } } })),
      update({ $currentDate: { b: { $type: 'timestamp' } } }),
    ],
  ],
  [
    9,
    ['$rename', '$mul', '$min', '$bit', '$pop', '$pullAll'].flatMap((name) => [
      update({ [name]: { a: 1 } }),
      update({ [name]: {} }),
      update({ $set: { b: 1 }, [name]: {} }),
    ]),
  ],
  [
    40324,
    [
      ...['$lookup', '$graphLookup', '$unionWith', '$out', '$merge', '$changeStream', '$geoNear', '$count'],
      ...['$set', '$unset', '$replaceRoot', '$bucket', '$sortByCount', '$sample', '$setWindowFields'],
    ].map((name) => pipeline({ [name]: {} })),
  ],
  [
    168,
    [
      ...['$function', '$cond', '$abs', '$switch', '$and', '$or', '$not', '$in', '$map', '$filter', '$let'],
      ...[
        '$concat',
        '$toLower',
        '$toString',
        '$subtract',
        '$multiply',
        '$divide',
        '$dateToString',
        '$literal',
      ],
    ].flatMap((name) => [expression({ [name]: ['$a'] }), filter({ $expr: { [name]: ['$a'] } })]),
  ],
  [
    15952,
    ['$accumulator', '$avg', '$min', '$max', '$first', '$push', '$addToSet'].map((name) =>
      pipeline({ $group: { _id: null, x: { [name]: '$a' } } }),
    ),
  ],
  [
    40415,
    [
      ...['everything', 'hint', 'collation', 'let', 'min', 'max', 'returnKey', 'tailable'].map((option) => ({
        find: 'docs',
        [option]: {},
      })),
      ...['hint', 'collation', 'c'].map((option) => update({ $set: { b: 1 } }, { [option]: {} })),
      { delete: 'docs', deletes: [{ q: {}, limit: 0, collation: { locale: 'de' } }] },
      { findAndModify: 'docs', remove: true, hint: 'a' },
      { count: 'docs', collation: { locale: 'de' } },
      { create: 'capped', capped: true, size: 1000 },
      { create: 'strict', validator: { a: 1 } },
    ],
  ],
  [
    197,
    [
      index({ b: 1 }, { quick: true }),
      index({ b: 1 }, { collation: { locale: 'de' } }),
      index({ b: 1 }, { hidden: true }),
    ],
  ],
  [67, [index({ b: 1 }, { partialFilterExpression: { $or: [{ b: 1 }] } }), index({ b: 2 }), index({})]],
  [
    238,
    [
      ...[index({ '$**': 1 }), index({ b: '2dsphere' }), index({ b: 'hashed' }), index({ b: 'text', c: 1 })],
      ...[index({ b: 'text' }, { default_language: 'german' }), index({ b: 'text' }, { unique: true })],
      ...[
        filter({ a: { $eq: /x/ } }),
        filter({ a: { $in: [/x/] } }),
        filter({ a: { $ne: /x/ } }),
        update({ $pull: { b: /x/ } }),
      ],
      ...[
        projection({ 'b.$': 1 }),
        projection({ 'b.c': '$a' }),
        projection({ b: { c: 1 } }),
        projection({ _id: '$a' }),
      ],
      ...[
        expression('$$ROOT'),
        expression(['$a']),
        expression({ b: '$a' }),
        expression({ $add: [new Date()] }),
      ],
      ...[
        update([{ $set: { b: 1 } }]),
        update({ $set: { 'b.$': 1 } }),
        update({ $set: { 'b.$[e]': 1 } }, { arrayFilters: [{ $or: [{ e: 1 }] }] }),
      ],
      ...[
        pipeline({ $unwind: { path: '$b' } }),
        pipeline({ $unwind: '$b.c' }),
        pipeline({ $addFields: { 'b.c': 1 } }),
      ],
      { aggregate: 1, pipeline: [], cursor: {} },
      { explain: { find: 'docs' }, verbosity: 'executionStats' },
      { explain: { count: 'docs' }, verbosity: 'queryPlanner' },
    ],
  ],
]

/** Values that cannot be stored without loss. */
const values: [name: string, value: unknown][] = [
  ['a decimal', mongo.Decimal128.fromString('0.1')],
  ['an integer beyond 2^53', mongo.Long.MAX_VALUE],
  ['code', new mongo.Code('return 1')],
  ['a timestamp', new mongo.Timestamp({ t: 1, i: 1 })],
]

describe('Refusals', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>
  const run = (command: Document) =>
    database.connection.db?.command(command) ?? Promise.reject(new Error('no database'))
  const docs = () => database.connection.collection<Document>('docs')

  before(async () => {
    database = await openDatabase()
    await docs().insertOne({ a: 1 })
  })
  after(() => database.close())

  for (const [name, command, code] of refused) {
    it(`command – ${name} → ${code}`, async () => {
      expect(await codeOf(run(command))).to.equal(code)
      expect(await docs().countDocuments()).to.equal(1)
    })
  }

  it('insert – ordered → ends at the first error; unordered → at none', async () => {
    const many = database.connection.collection<Document>('many')
    await many.insertOne({ _id: 1 } as Document)
    const attempt = () => [{ _id: 2 }, { _id: 1 }, { _id: 3 }] as Document[]
    expect(await codeOf(many.insertMany(attempt()))).to.equal(11000)
    expect(await many.distinct('_id')).to.deep.equal([1, 2])
    const error = await many.insertMany(attempt(), { ordered: false }).catch((e: unknown) => e)
    expect(error).to.have.property('writeErrors').with.length(2)
    expect(await many.distinct('_id')).to.deep.equal([1, 2, 3])
  })

  if (!onRealEngine) {
    for (const [code, commands] of refusedHere) {
      it(`command – not implemented here → ${code}`, async () => {
        for (const command of commands) {
          const outcome: Document = await run(command).catch((error: Document) => error)
          const refusal = outcome.writeErrors?.[0] ?? outcome
          expect(refusal.code, JSON.stringify(command)).to.equal(code)
        }
        expect(
          await docs()
            .find({}, { projection: { _id: 0 } })
            .toArray(),
        ).to.deep.equal([{ a: 1 }])
        expect(await docs().indexes()).to.have.length(1)
      })
    }

    for (const [name, value] of values) {
      it(`insert – ${name} → 238`, async () => {
        expect(await codeOf(docs().insertOne({ value }))).to.equal(238)
        expect(await codeOf(docs().updateOne({}, { $set: { value } }))).to.equal(238)
        expect(await codeOf(docs().findOne({ value }))).to.equal(238)
        expect(await docs().countDocuments()).to.equal(1)
      })
    }

    it('update – array elements that are missing or can be the same → 238 and 40', async () => {
      const lists = database.connection.collection<Document>('lists')
      await lists.insertOne({ list: [{ n: 1 }] })
      const arrayFilters = [{ 'one.n': 1 }, { 'two.n': 2 }]
      const both = { $set: { 'list.$[one].n': 3, 'list.$[two].m': 4 } }
      expect(await codeOf(lists.updateOne({}, { $set: { 'list.2': 1 } }))).to.equal(238)
      expect(await codeOf(lists.updateOne({}, both, { arrayFilters }))).to.equal(40)
      expect((await lists.findOne())?.list).to.deep.equal([{ n: 1 }])
    })

    it('insert, update – document beyond 16 MB → 10334', async () => {
      const big = database.connection.collection<Document>('big')
      await big.insertOne({ part: 'x'.repeat(9_000_000) })
      const grow = big.updateOne({}, { $set: { more: 'x'.repeat(9_000_000) } })
      expect(await codeOf(grow)).to.equal(10334)
      expect(await big.countDocuments({ more: { $exists: true } })).to.equal(0)
    })

    it('insert – field that begins with $ → 52', async () => {
      expect(await codeOf(docs().insertOne({ $a: 1 }))).to.equal(52)
      expect(await codeOf(docs().updateOne({}, { $set: { 'a.$b': 1 } }))).to.equal(52)
      expect(await docs().countDocuments({ a: 1 })).to.equal(1)
    })

    it('insert – nested too deeply → 15', async () => {
      const nested = Array.from({ length: 110 }).reduce<Document>((inner) => ({ inner }), {})
      expect(await codeOf(docs().insertOne(nested))).to.equal(15)
    })
  }
})
