import { expect } from 'chai'
import { PageEnds } from '../../models/plugins/page-ends.ts'

const NEWEST = { field: 'at', direction: -1 } as const

describe('PageEnds', () => {
  let stored: { at: number }[]
  let examined: number[]
  let ends: PageEnds

  beforeEach(() => {
    stored = Array.from({ length: 100 }, (_, at) => ({ at }))
    examined = []
    ends = new PageEnds()
  })

  const readPage = async (page = 'first', count = 3) => {
    const found = await ends.read(page, NEWEST, count, async ({ at: bound }) => {
      const inBound = stored.filter(({ at }) => at >= Number(bound?.$gte ?? -Infinity))
      examined.push(inBound.length)
      return inBound.sort((one, other) => other.at - one.at).slice(0, count)
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
})
