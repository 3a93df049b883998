import { expect } from 'chai'
import { mongo } from 'mongoose'
import type { Position } from '../../models/plugins/page.ts'
import { PageEnds } from '../../models/plugins/page-ends.ts'

const ID = new mongo.ObjectId()
const NEWEST = { field: 'at', direction: -1 } as const

describe('PageEnds', () => {
  let stored: { at: number }[]
  let examined: number[]
  let ends: PageEnds

  beforeEach(() => {
    stored = Array.from({ length: 100 }, (_, at) => ({ at }))
    examined = []
    ends = new PageEnds({
      areMany: async () => stored.length >= 1000,
      sample: async () => stored.filter((_, n) => n % 100 === 0).map(({ at }) => at),
    })
  })

  const readPage = async (name = 'first', count = 3, matches = (_: number) => true, after?: Position) => {
    const page = { name, order: NEWEST, after, count, isFull: true }
    const found = await ends.read(page, async ({ at: bound }) => {
      const inBound = stored.filter(
        ({ at }) => at >= Number(bound?.$gte ?? -Infinity) && at < Number(after?.[0] ?? Infinity),
      )
      examined.push(inBound.length)
      return inBound
        .filter(({ at }) => matches(at))
        .sort((one, other) => other.at - one.at)
        .slice(0, count)
    })
    return found.map(({ at }) => at)
  }

  it('read – the same page again → the same documents, only they are examined', async () => {
    expect(await readPage()).to.deep.equal([99, 98, 97])
    expect(await readPage()).to.deep.equal([99, 98, 97])
    expect(examined).to.deep.equal([100, 3])
  })

  it('read – another page → its own documents', async () => {
    await readPage()
    expect(await readPage('longer', 5)).to.deep.equal([99, 98, 97, 96, 95])
  })

  it('read – new documents → they are on the page, and the end moves', async () => {
    await readPage()
    stored.push({ at: 200 }, { at: 150 })
    expect(await readPage()).to.deep.equal([200, 150, 99])
    expect(await readPage()).to.deep.equal([200, 150, 99])
    expect(examined).to.deep.equal([100, 5, 3])
  })

  it('read – a document moves into the page → it is there', async () => {
    await readPage()
    stored[5] = { at: 98.5 }
    expect(await readPage()).to.deep.equal([99, 98.5, 98])
  })

  it('read – deleted documents → the next ones take their places', async () => {
    await readPage()
    stored = stored.filter(({ at }) => at !== 98)
    expect(await readPage()).to.deep.equal([99, 97, 96])
    expect(await readPage()).to.deep.equal([99, 97, 96])
    expect(examined).to.deep.equal([100, 2, 99, 3])
  })

  it('read – fewer documents than a page → all of them, without an end', async () => {
    stored = stored.slice(0, 2)
    expect(await readPage()).to.deep.equal([1, 0])
    stored.push({ at: -1 })
    expect(await readPage()).to.deep.equal([1, 0, -1])
    expect(examined).to.deep.equal([2, 3])
  })

  it('read – another filter after a page of all → the same documents as without guess, few are examined', async () => {
    stored = Array.from({ length: 10_000 }, (_, at) => ({ at }))
    await readPage('all')
    examined = []
    expect(await readPage('even', 3, (at) => at % 2 === 0)).to.deep.equal([9998, 9996, 9994])
    expect(await readPage('one in 40', 3, (at) => at % 40 === 0)).to.deep.equal([9960, 9920, 9880])
    expect(await readPage('later page', 3, () => true, [5000, ID])).to.deep.equal([4999, 4998, 4997])
    expect(Math.max(...examined)).to.be.lessThan(400)
  })

  it('read – documents of a filter are older than guessed → all documents, no guess for the same page again', async () => {
    stored = Array.from({ length: 1000 }, (_, at) => ({ at }))
    await readPage('all')
    examined = []
    for (let time = 0; time < 2; time++)
      expect(await readPage('old', 3, (at) => at < 2)).to.deep.equal([1, 0])
    expect(examined.filter((count) => count === 1000)).to.have.length(2)
    expect(examined).to.have.length(3)
  })

  it('read – no page of the order was read, many documents → the range of a sample is examined', async () => {
    stored = Array.from({ length: 10_000 }, (_, at) => ({ at }))
    expect(await readPage('even', 3, (at) => at % 2 === 0)).to.deep.equal([9998, 9996, 9994])
    expect(examined).to.deep.equal([700])
  })

  it('read – a sparse list again and again → ranges are guessed as for the densest list', async () => {
    stored = Array.from({ length: 10_000 }, (_, at) => ({ at }))
    await readPage('all')
    for (let time = 0; time < 50; time++) await readPage('one in 10', 3, (at) => at % 10 === 0)
    examined = []
    await readPage('even', 3, (at) => at % 2 === 0)
    expect(examined).to.have.length(1)
    expect(examined[0]).to.be.lessThan(60)
  })
})
