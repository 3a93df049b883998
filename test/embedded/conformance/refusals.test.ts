import { expect } from 'chai'
import { mongo } from 'mongoose'
import { type Document, onRealEngine, openDatabase } from '../engine.ts'
import { codeOf } from './refusal.ts'

const pipeline = (...stages: Document[]) => ({ aggregate: 'docs', pipeline: stages, cursor: {} })

/** Commands no engine takes, and the code they are refused with. */
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

/** What MongoDB refuses with these codes and the real engine with others, and what only this engine lacks. */
const refusedHere: [name: string, command: Document, code: number][] = [
  ['an unknown option', { find: 'docs', everything: 1 }, 40415],
  ['code', { find: 'docs', filter: { $where: 'true' } }, 238],
  ['code in expressions', pipeline({ $set: { x: { $function: { body: '', args: [], lang: 'js' } } } }), 238],
  ['code in groups', pipeline({ $group: { _id: 1, x: { $accumulator: {} } } }), 238],
  ['an unknown expression', { find: 'docs', filter: { $expr: { $guess: 1 } } }, 168],
  ['a stage it lacks', pipeline({ $graphLookup: {} }), 238],
  ['writing to another collection', pipeline({ $out: 'other' }), 238],
  ['places on the globe', { find: 'docs', filter: { at: { $near: [0, 0] } } }, 238],
  ['collation', { find: 'docs', collation: { locale: 'de' } }, 238],
  ['a capped collection', { create: 'capped', capped: true, size: 1000 }, 238],
  ['a wildcard index', { createIndexes: 'docs', indexes: [{ key: { '$**': 1 }, name: 'all' }] }, 238],
  [
    'an unknown index option',
    { createIndexes: 'docs', indexes: [{ key: { a: 1 }, name: 'a', quick: true }] },
    197,
  ],
  ['a hint to no index', { find: 'docs', hint: 'nothing' }, 2],
  [
    'a transaction',
    { find: 'docs', txnNumber: mongo.Long.ONE, startTransaction: true, autocommit: false },
    20,
  ],
  ['change streams', pipeline({ $changeStream: {} }), 238],
]

/** Values that could not be kept without losing something. */
const values: [name: string, value: unknown][] = [
  ['a decimal', mongo.Decimal128.fromString('0.1')],
  ['an integer beyond 2^53', mongo.Long.MAX_VALUE],
  ['code', new mongo.Code('return 1')],
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

  for (const [name, command, code] of onRealEngine ? refused : [...refused, ...refusedHere]) {
    it(`${code}: ${name}`, async () => {
      expect(await codeOf(run(command))).to.equal(code)
      expect(await docs().countDocuments()).to.equal(1)
    })
  }

  it('ends at the first error of an ordered write, and at none of an unordered one', async () => {
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
    for (const [name, value] of values) {
      it(`238: keeping ${name}`, async () => {
        expect(await codeOf(docs().insertOne({ value }))).to.equal(238)
        expect(await codeOf(docs().updateOne({}, { $set: { value } }))).to.equal(238)
        expect(await codeOf(docs().findOne({ value }))).to.equal(238)
        expect(await docs().countDocuments()).to.equal(1)
      })
    }

    it('10334: a document beyond 16 MB, also by an update', async () => {
      const big = database.connection.collection<Document>('big')
      await big.insertOne({ part: 'x'.repeat(9_000_000) })
      const grow = big.updateOne({}, [{ $set: { more: '$part' } }])
      expect(await codeOf(grow)).to.equal(10334)
      expect(await big.countDocuments({ more: { $exists: true } })).to.equal(0)
    })

    it('52: a field that begins with $', async () => {
      expect(await codeOf(docs().insertOne({ $a: 1 }))).to.equal(52)
      expect(await codeOf(docs().updateOne({}, { $set: { 'a.$b': 1 } }))).to.equal(52)
      expect(await docs().countDocuments({ a: 1 })).to.equal(1)
    })

    it('15: a document nested too deeply', async () => {
      const nested = Array.from({ length: 110 }).reduce<Document>((inner) => ({ inner }), {})
      expect(await codeOf(docs().insertOne(nested))).to.equal(15)
    })
  }
})
