import { expect } from 'chai'
import { CommandError } from '../../embedded/mongo/errors.ts'
import { normaliseSpec } from '../../embedded/mongo/index/spec.ts'
import { readDocs } from '../../embedded/mongo/plan/find.ts'
import { Turns } from '../../embedded/mongo/plan/turns.ts'
import { parseSort } from '../../embedded/mongo/query/sort.ts'
import { Collection, type Records } from '../../embedded/mongo/storage/collection.ts'
import type { Doc } from '../../embedded/mongo/values/types.ts'

const nothing = () => undefined
const NO_STORE = {
  documents: () => [],
  admit: nothing,
  putDocument: nothing,
  removeDocument: nothing,
  putCollection: nothing,
  removeCollection: nothing,
} as unknown as Records

/** Ends its turn after every document and then runs a function. */
class ShortTurns extends Turns {
  constructor(private readonly between: () => void) {
    super(0)
  }

  override isOver(): boolean {
    return true
  }

  override async next(): Promise<void> {
    this.between()
  }
}

describe('reads in turns', () => {
  const MANY = 200
  let collection: Collection

  beforeEach(() => {
    collection = new Collection('db.docs', 1, NO_STORE)
    for (const key of [{ n: 1 }, { kind: 1, n: -1 }]) collection.addIndex(normaliseSpec({ key }))
    collection.addIndex(normaliseSpec({ key: { text: 'text' }, name: 'text' }))
    for (let n = 0; n < MANY; n += 1) collection.insert({ _id: n, n, kind: ['a', 'b'][n % 2], text: 'oak' })
  })

  const QUERIES: [name: string, filter: Doc, sort: Doc | undefined][] = [
    ['all documents', {}, undefined],
    ['an index', { n: { $gte: 0 } }, { n: 1 }],
    ['an index, backward', { n: { $gte: 0 } }, { n: -1 }],
    ['two indexes', { $or: [{ kind: 'a' }, { kind: 'b' }] }, { n: -1 }],
    ['a text index', { $text: { $search: 'oak' } }, { n: 1 }],
  ]
  for (const [name, filter, sort] of QUERIES)
    it(`readDocs – ${name}, other commands change documents between turns → each unchanged document once, in order`, async () => {
      let turn = 0
      const between = () => {
        // changes every third document, and adds some before and behind the position of the scan
        const record = collection.byId((turn * 3) % MANY)
        if (record && turn % 2) collection.replace(record, { ...record.doc, n: MANY + turn })
        else if (record) collection.remove(record)
        collection.insert({ _id: `new ${turn}`, n: turn % 2 ? -1 : MANY * 2, kind: 'a', text: 'oak' })
        turn += 1
      }
      const limited = new ShortTurns(() => turn < MANY / 3 && between())
      const found = await readDocs(collection, filter, { sort: parseSort(sort) }, limited, (docs) => [
        ...docs,
      ])
      const unchanged = Array.from({ length: MANY }, (_, n) => n).filter((n) => n % 3 !== 0)
      const ids = found.map(({ _id }) => _id)
      expect(ids).to.include.members(unchanged)
      expect(new Set(found.filter(({ _id }) => unchanged.includes(Number(_id)))).size).to.equal(
        unchanged.length,
      )
      if (!sort) return
      const order = found.filter(({ _id }) => unchanged.includes(Number(_id))).map(({ n }) => Number(n))
      expect(order).to.deep.equal(order.toSorted((a, b) => (a - b) * Number(sort.n)))
    })

  it('readDocs – first text search, other commands change documents while the index is built → the documents after the changes', async () => {
    let turn = 0
    const change = () => {
      const record = collection.byId((turn * 3) % MANY)
      if (record && turn % 2) collection.replace(record, { ...record.doc, text: 'elm' })
      else if (record) collection.remove(record)
      collection.insert({ _id: `new ${turn}`, text: ['oak', 'elm'][turn % 2] })
      turn += 1
    }
    const search = (text: string, turns: Turns) =>
      readDocs(collection, { $text: { $search: text } }, {}, turns, (docs) =>
        Array.from(docs, ({ _id }) => _id),
      )
    await search('oak', new ShortTurns(() => turn < MANY / 3 && change()))
    expect(turn).to.be.greaterThan(MANY / 3 - 1)
    for (const text of ['oak', 'elm']) {
      const ids = [...collection.records()].filter(({ doc }) => doc.text === text).map(({ doc }) => doc._id)
      expect(await search(text, new Turns(0))).to.have.members(ids)
    }
  })

  it('readDocs – first text search, its time is over → error 50; the next search continues the index', async () => {
    let turns = 0
    const limited = new ShortTurns(() => {
      turns += 1
      if (turns === MANY / 2) throw new CommandError(50, 'operation exceeded time limit')
    })
    const search = (given: Turns) =>
      readDocs(collection, { $text: { $search: 'oak' } }, {}, given, (docs) => [...docs].length)
    expect(await search(limited).catch(({ code }) => code)).to.equal(50)
    let rest = 0
    expect(await search(new ShortTurns(() => void rest++))).to.equal(MANY)
    // the other half of the index, and the candidates
    expect(rest).to.be.at.most(MANY / 2 + 1 + MANY)
  })

  it('readDocs – limit, sorted by an index → reads no more documents', async () => {
    let read = 0
    const turns = new ShortTurns(() => void read++)
    const filter = { $or: [{ kind: 'a' }, { kind: 'b' }] }
    const options = { sort: parseSort({ n: -1 }), skip: 2, limit: 5 }
    const found = await readDocs(collection, filter, options, turns, (docs) => [...docs])
    expect(found.map(({ n }) => n)).to.deep.equal([197, 196, 195, 194, 193])
    expect(read).to.equal(6)
  })

  it('Turns – time of the command over → error 50', async () => {
    const turns = new Turns(1)
    const startedAt = performance.now()
    while (performance.now() < startedAt + 2);
    const error = await turns.next().catch((thrown) => thrown)
    expect(error).to.include({ code: 50, codeName: 'MaxTimeMSExpired' })
    await new Turns(undefined).next()
  })
})
