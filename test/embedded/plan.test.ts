import { expect } from 'chai'
import fc from 'fast-check'
import { CommandError } from '../../embedded/mongo/errors.ts'
import { normaliseSpec } from '../../embedded/mongo/index/spec.ts'
import { choosePlan } from '../../embedded/mongo/plan/choose.ts'
import { findDocs } from '../../embedded/mongo/plan/find.ts'
import { scanIndex } from '../../embedded/mongo/plan/index-plan.ts'
import { compileFilter } from '../../embedded/mongo/query/match.ts'
import { parseSort, sortDocs } from '../../embedded/mongo/query/sort.ts'
import { Collection, type Records } from '../../embedded/mongo/storage/collection.ts'
import type { Doc } from '../../embedded/mongo/values/types.ts'

const number = fc.integer({ min: 0, max: 3 })
const scalar = fc.oneof(
  { weight: 12, arbitrary: number },
  { weight: 2, arbitrary: fc.constantFrom('a', 'ab', 'b') },
  fc.constantFrom(null, true, Number.NaN, new Date(1)),
)
const pair = fc.record({ x: number, y: number }, { requiredKeys: [], noNullPrototype: true })
const field = fc.oneof(
  { weight: 3, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(number, { maxLength: 3 }) },
  { weight: 2, arbitrary: pair },
  { weight: 2, arbitrary: fc.array(pair, { maxLength: 3 }) },
  fc.array(scalar, { maxLength: 3 }),
  fc.record({ x: fc.array(number, { maxLength: 2 }), y: number }, { noNullPrototype: true }),
)
const doc = fc.record({ a: field, b: scalar, c: scalar }, { requiredKeys: [], noNullPrototype: true })

const path = fc.constantFrom('a', 'a', 'b', 'b', 'c', 'a.x', 'a.y', '_id')
const operators = fc.oneof(
  fc.record({ $in: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ $gt: scalar }),
  { weight: 3, arbitrary: fc.record({ $gt: number, $lt: number }) },
  fc.record({ $gte: scalar, $lte: scalar }),
  fc.record({ $lte: scalar }),
  fc.record({ $ne: scalar }),
  fc.record({ $exists: fc.boolean() }),
  { weight: 2, arbitrary: fc.record({ $all: fc.array(scalar, { minLength: 1, maxLength: 3 }) }) },
  fc.record({ $gt: fc.array(number, { maxLength: 2 }) }),
  fc.record({ $type: fc.constantFrom('string', 'number', 'array') }),
  fc.record({ $elemMatch: fc.record({ $gte: number, $lt: number }) }),
  fc.record({ $elemMatch: fc.record({ x: number, y: fc.record({ $gt: number }) }) }),
  fc.record({ $not: fc.record({ $gt: number }) }),
)
const condition = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 6, arbitrary: operators },
  fc.array(scalar, { maxLength: 2 }),
)
const clause = fc.dictionary(path, condition, { minKeys: 1, maxKeys: 3, noNullPrototype: true })
const filter: fc.Arbitrary<Doc> = fc.oneof(
  { weight: 4, arbitrary: clause },
  fc.record({ $or: fc.array(clause, { minLength: 1, maxLength: 3 }) }),
  fc.tuple(clause, fc.array(clause, { minLength: 2, maxLength: 3 })).map(([rest, $or]) => ({ ...rest, $or })),
  fc.array(clause, { minLength: 1, maxLength: 2 }).map(($and) => ({ $and })),
)
const direction = fc.constantFrom(1, -1)
const keys = fc
  .tuple(
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'a.x', 'a.y'), direction, {
      minKeys: 1,
      maxKeys: 3,
      noNullPrototype: true,
    }),
    fc.option(direction, { nil: undefined }),
  )
  .map(([fields, _id]) => (_id === undefined ? fields : { ...fields, _id }))
const partial = fc.constantFrom<Doc>(
  { b: { $exists: true } },
  { b: { $type: 'string' } },
  { b: 1 },
  { c: { $gt: 1 } },
  { b: { $in: [1, 2] } },
)
const index = fc.oneof(
  { weight: 4, arbitrary: keys.map((key) => ({ key })) },
  keys.map((key) => ({ key, sparse: true })),
  fc.tuple(keys, partial).map(([key, partialFilterExpression]) => ({ key, partialFilterExpression })),
)
const sort = fc.option(
  fc.dictionary(path, direction, { minKeys: 1, maxKeys: 2, noNullPrototype: true }).map((fields) => {
    const { _id, ...rest } = fields
    return { ...rest, _id: _id ?? 1 }
  }),
  { nil: undefined },
)

/** A store that stores nothing, because only the indexes in memory are tested. */
const inMemory: Records = {
  *documents() {},
  admit() {},
  putDocument() {},
  removeDocument() {},
  putCollection() {},
  removeCollection() {},
}

describe('query plans', () => {
  it('find – any index → same documents and order as a full scan', () => {
    fc.assert(
      fc.property(
        fc.array(doc, { minLength: 5, maxLength: 25 }),
        fc.array(index, { minLength: 1, maxLength: 3 }),
        fc.array(fc.record({ filter, sort, limit: fc.nat({ max: 6 }) }), { minLength: 4, maxLength: 8 }),
        fc.array(fc.tuple(fc.nat(), fc.option(doc)), { maxLength: 8 }),
        (docs, specs, requests, changes) => {
          const collection = new Collection('plan.test', 1, inMemory)
          for (const [_id, fields] of docs.entries()) collection.insert({ _id, ...fields })
          for (const [i, spec] of specs.entries()) {
            unlessParallel(() => collection.addIndex(normaliseSpec({ ...spec, name: `i${i}` })))
          }
          for (const [position, fields] of changes) {
            const record = collection.byId(position % docs.length)
            if (record && fields)
              unlessParallel(() => collection.replace(record, { _id: record.doc._id, ...fields }))
            else if (record) collection.remove(record)
          }
          for (const request of requests) check(collection, request)
        },
      ),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 250) },
    )
  })

  const cases: { name: string; docs: Doc[]; key: Doc; filter: Doc; sort?: Doc }[] = [
    {
      name: 'sorts a list by its least element even when a range begins above it',
      docs: [{ a: [0, 3] }, { a: [3] }, { a: [1, 4] }, { a: 2 }],
      key: { a: 1, _id: 1 },
      filter: { a: { $gt: 2 } },
      sort: { a: 1, _id: 1 },
    },
    {
      name: 'sorts a list by its least element even when the filter names another',
      docs: [{ a: [1] }, { a: [1, 0] }, { a: 1 }],
      key: { a: 1, _id: 1 },
      filter: { a: 1 },
      sort: { a: 1, _id: 1 },
    },
    {
      name: 'lets different elements of a list meet the two ends of a range',
      docs: [{ a: [1, 9] }, { a: 5 }, { a: 9 }],
      key: { a: 1 },
      filter: { a: { $gt: 3, $lt: 7 } },
    },
    {
      name: 'lets different elements meet conditions on two fields',
      docs: [{ a: [{ x: 0 }, { y: 3 }] }, { a: [{ x: 0, y: 3 }] }, { a: [{ x: 0 }] }],
      key: { 'a.y': 1, 'a.x': 1 },
      filter: { 'a.y': 3, 'a.x': 0 },
    },
    {
      name: 'sorts what the values of $in find',
      docs: Array.from({ length: 30 }, (_, i) => ({ a: i % 4, c: (i * 7) % 30 })),
      key: { a: 1, c: 1 },
      filter: { a: { $in: [1, 3] } },
      sort: { c: -1 },
    },
  ]
  for (const { name, docs, key, filter, sort } of cases) {
    it(`find – ${name} → the expected plan`, () => {
      const collection = new Collection('plan.test', 1, inMemory)
      for (const [_id, doc] of docs.entries()) collection.insert({ _id, ...doc })
      collection.addIndex(normaliseSpec({ key, name: 'i' }))
      const plan = choosePlan(filter, { collection, sort: parseSort(sort) })
      expect(plan.kind).to.equal('index')
      check(collection, { filter, sort, limit: 3 })
    })
  }
})

describe('choice of a plan', () => {
  const collection = new Collection('plan.test', 1, inMemory)
  before(() => {
    for (let i = 0; i < 3000; i += 1)
      collection.insert({ _id: i, keys: ['all', `half-${i % 2}`, `one-${i}`], at: i, name: `${i % 7}` })
    collection.addIndex(normaliseSpec({ key: { name: 1, at: -1 } }))
    collection.addIndex(normaliseSpec({ key: { keys: 1, at: -1 }, name: 'keys' }))
  })
  const cases: [name: string, filter: Doc, sort: Doc, candidates: number][] = [
    ['$all, the rarest value last', { keys: { $all: ['all', 'half-1', 'one-7'] } }, { at: -1 }, 1],
    ['$all, a value that no document has', { keys: { $all: ['all', 'none'] } }, { at: -1 }, 0],
    ['another index has the order', { keys: { $all: ['one-7'] }, name: '0' }, { at: -1 }, 1],
    ['$in, two common values', { keys: { $in: ['half-0', 'half-1'] } }, { at: -1 }, 3000],
    ['a range of _id', { _id: { $gte: 10, $lt: 13 }, other: { $exists: false } }, { _id: 1 }, 3],
    ['all values are common, the index has the order', { keys: { $all: ['all'] } }, { at: -1 }, 3000],
  ]
  for (const [name, filter, sort, candidates] of cases) {
    it(`find – ${name} → few candidates`, () => {
      const plan = choosePlan(filter, { collection, sort: parseSort(sort) })
      if (plan.kind !== 'index') throw new Error(plan.kind)
      expect([...scanIndex(plan)]).to.have.length(candidates)
      expect(plan.sorted).to.equal(true)
      check(collection, { filter, sort, limit: 5 })
    })
  }
})

function check(
  collection: Collection,
  { filter, sort, limit }: { filter: Doc; sort?: Doc | undefined; limit: number },
) {
  const order = parseSort(sort)
  const matching = [...collection.records()].map((record) => record.doc).filter(compileFilter(filter))
  const found = ids(findDocs(collection, filter, { sort: order }))
  expect(found.toSorted(ascending)).to.deep.equal(ids(matching).toSorted(ascending))
  if (sort) {
    expect(found).to.deep.equal(ids(sortDocs(matching, order)))
    const some = findDocs(collection, filter, { sort: order, limit, skip: 1 })
    expect(ids(some)).to.deep.equal(found.slice(1, limit ? 1 + limit : undefined))
  }
}

const ids = (docs: Iterable<Doc>) => [...docs].map(({ _id }) => Number(_id))
const ascending = (a: number, b: number) => a - b

/** Runs a step. Asserts that a step refused because of parallel arrays (error 171) changes nothing. */
function unlessParallel(step: () => void): void {
  try {
    step()
  } catch (error) {
    if (!(error instanceof CommandError && error.code === 171)) throw error
  }
}
