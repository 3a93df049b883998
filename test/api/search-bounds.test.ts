import { expect } from 'chai'
import mongoose, { Types } from 'mongoose'
import { Asset, describeWords } from '../../models/asset.ts'
import { readersOf } from '../../models/asset-access.ts'
import { type Keyed, withKeys } from '../../models/asset-keys.ts'
import { MAX_COUNTED } from '../../models/asset-search.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { signUp, type TestUser } from '../support/app/users.ts'

const BATCH = 1000

describe('bounds of searches', () => {
  let app: TestApp
  let ada: TestUser

  before(async function () {
    this.timeout(120_000)
    app = await startApp()
    ada = await signUp(app, 'ada')
    // one more than is counted; the oldest differs from the others
    for (let first = 0; first <= MAX_COUNTED; first += BATCH)
      await Asset.insertMany(
        Array.from({ length: Math.min(BATCH, MAX_COUNTED + 1 - first) }, (_, n) => asset(first + n)),
      )
  })
  after(() => app.stop())

  function asset(n: number): object {
    const at = new Date(Date.now() + n)
    const described = { name: 'Oak', description: '', tags: n === 0 ? ['first'] : [] }
    const fields = {
      ...described,
      type: n === 0 ? '3D' : '2D',
      media: n < 10 ? 'model' : 'image',
      size: 1,
      state: 'ready',
      visibility: n % 2 ? 'public' : 'private',
      allFiles: [],
      lock: null,
    } as Keyed
    const readers = readersOf({ owner: ada.user._id, visibility: fields.visibility, collaborators: [] })
    const { allFiles: files, ...others } = fields
    const stored = { ...others, files }
    const rest = { owner: ada.user._id, readers, version: 1, createdAt: at, updatedAt: at }
    const identity = { _id: new Types.ObjectId(), owner: ada.user._id }
    return {
      ...identity,
      ...withKeys({ ...stored, ...describeWords(described) }, { ...fields, ...identity }),
      ...rest,
    }
  }

  const search = async (query: string) => (await ada.get(`/api/assets?limit=1&${query}`).expect(200)).body.res

  for (const query of ['', 'scope=mine&', 'q=oak&'])
    it(`GET /api/assets?${query}count=1&facets=1 – more than 10,000 → a least total, facets of the newest 10,000`, async () => {
      const { total, totalIsMinimum, facets, facetsOf } = await search(`${query}count=1&facets=1`)
      expect({ total, totalIsMinimum, facetsOf }).to.deep.equal({
        total: MAX_COUNTED,
        totalIsMinimum: true,
        facetsOf: MAX_COUNTED,
      })
      expect(facets.type).to.deep.equal([{ value: '2D', count: MAX_COUNTED }])
      expect(facets.media).to.deep.include({ value: 'model', count: 9 })
      expect(facets.tag).to.deep.equal([])
    })

  it('GET /api/assets – more than 10,000, only one of count and facets → its bound', async () => {
    const counted = await search('count=1')
    expect(counted)
      .to.include({ total: MAX_COUNTED, totalIsMinimum: true })
      .and.not.have.any.keys('facets', 'facetsOf')
    const described = await search('facets=1')
    expect(described).to.include({ facetsOf: MAX_COUNTED }).and.not.have.any.keys('total', 'totalIsMinimum')
  })

  it('GET /api/assets – exactly 10,000 or fewer → the exact total, facets of the whole result', async () => {
    for (const [query, total] of [
      ['tagNot=first', MAX_COUNTED],
      ['tag=first', 1],
      ['tag=none', 0],
    ] as const) {
      const found = await search(`${query}&count=1&facets=1`)
      expect(found, query).to.include({ total }).and.not.have.any.keys('totalIsMinimum', 'facetsOf')
      const sum = found.facets.type.reduce((all: number, one: { count: number }) => all + one.count, 0)
      expect(sum, query).to.equal(total)
    }
    // the facet of the media describes the newest of all assets
    const { total, facets, facetsOf } = await search('media=model&count=1&facets=1')
    expect([total, facetsOf]).to.deep.equal([10, MAX_COUNTED])
    expect(facets.media.map(({ count }: { count: number }) => count)).to.deep.equal([MAX_COUNTED - 9, 9])
    expect(facets.type).to.deep.include({ value: '2D', count: 9 })
  })

  type Read = (this: { namespace: { collection?: string } }) => unknown
  const { prototype } = mongoose.mongo.FindCursor as unknown as { prototype: Record<string | symbol, Read> }
  const READS: [query: string, method: string | symbol][] = [
    ['', 'toArray'],
    ['q=oak', 'toArray'],
    ['facets=1', Symbol.asyncIterator],
  ]
  for (const [query, method] of READS)
    it(`GET /api/assets?${query} – database stops the search after its time → 503 too_slow without Retry-After`, async () => {
      const read = prototype[method] as Read
      prototype[method] = function () {
        if (this.namespace.collection !== Asset.collection.name) return read.call(this)
        throw new mongoose.mongo.MongoServerError({ code: 50, message: 'operation exceeded time limit' })
      }
      try {
        const { body, headers } = await ada.get(`/api/assets?${query}`).expect(503)
        expect(body.err.code).to.equal('too_slow')
        expect(headers).not.to.have.property('retry-after')
      } finally {
        prototype[method] = read
      }
    })

  it('GET /api/assets – every query of a search → has a time limit', async () => {
    const limits: unknown[] = []
    const { prototype } = mongoose.mongo.Collection
    const { find, aggregate } = prototype
    const note = (collection: string, options: { maxTimeMS?: number } = {}) => {
      if (collection === Asset.collection.name) limits.push(options.maxTimeMS)
    }
    prototype.find = function (this: mongoose.mongo.Collection, filter: never, options: never) {
      note(this.collectionName, options)
      return find.call(this, filter, options) as never
    } as unknown as typeof find
    prototype.aggregate = function (this: mongoose.mongo.Collection, pipeline: never, options: never) {
      note(this.collectionName, options)
      return aggregate.call(this, pipeline, options) as never
    } as unknown as typeof aggregate
    try {
      for (const query of [
        'count=1&facets=1',
        'q=oak&count=1&facets=1',
        'q=oak&sort=name',
        'scope=shared&count=1',
        'sort=size',
      ])
        await search(query)
    } finally {
      Object.assign(prototype, { find, aggregate })
    }
    expect(limits.length).to.be.at.least(8)
    for (const limit of limits) expect(limit).to.be.within(1, 5000)
  })
})
