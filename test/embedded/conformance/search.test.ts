import { expect } from 'chai'
import { type Document, onRealEngine, openDatabase } from '../engine.ts'
import { codeOf } from './refusal.ts'

const docs: Document[] = [
  { _id: 1, name: 'Oak chair', tags: ['wood', 'furniture'], d: 'A running chair for the garden' },
  { _id: 2, name: 'Running shoes', tags: ['shoes'], d: 'chairs not included' },
  { _id: 3, name: 'Table lamp', tags: [], d: 'lamp lamps lamp' },
  { _id: 4, name: 'The and of', d: 'stop' },
  { _id: 5, name: 'chair', d: 'x' },
  { _id: 6, name: 'Robot-arm engine', tags: ['arm chair'], d: "don't panic" },
  { _id: 7, name: 5 },
]

/** Searches and the numbers of the documents that they find. */
const searches: [search: string, ids: number[]][] = [
  ['chair', [1, 2, 5, 6]],
  ['chairs', [1, 2, 5, 6]],
  ['run', [1, 2]],
  ['running shoes', [1, 2]],
  ['"oak chair"', [1]],
  ['chair -oak', [2, 5, 6]],
  ['chair -"garden"', [2, 5, 6]],
  ['the', []],
  ['lamp', [3]],
  ['LAMP', [3]],
  ['arm', [6]],
  ['robot arm', [6]],
  ['nothing', []],
  ['', []],
  ['"arm engine"', [6]],
  ['wood furniture', [1]],
  ['robot-arm', [6]],
  ['include', [2]],
  ["don't", []],
  ['"running chair" "garden"', [1]],
  ['engines', [6]],
  ['chair chair', [1, 2, 5, 6]],
]

describe('Text search', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>
  const collection = () => database.connection.collection<Document>('docs')
  const search = async (text: string) => {
    const found = await collection()
      .find({ $text: { $search: text } })
      .sort({ _id: 1 })
      .toArray()
    return found.map(({ _id }) => _id)
  }
  const score = { $meta: 'textScore' } as const

  before(async () => {
    database = await openDatabase()
    await collection().insertMany(docs)
    await collection().createIndex(
      { name: 'text', tags: 'text', d: 'text' },
      { weights: { name: 10, tags: 5 } },
    )
  })
  after(() => database.close())

  it('$text – words, phrases, exclusions → stems match', async () => {
    for (const [text, ids] of searches) expect(await search(text), text).to.deep.equal(ids)
  })

  it('$text – writes → index follows', async () => {
    await collection().insertOne({ _id: 8, name: 'Quarks' } as Document)
    expect(await search('quark')).to.deep.equal([8])
    await collection().updateOne({ name: 'Quarks' }, { $set: { name: 'Leptons' } })
    expect(await search('quark')).to.deep.equal([])
    expect(await search('lepton')).to.deep.equal([8])
    await collection().deleteOne({ name: 'Leptons' })
    expect(await search('lepton')).to.deep.equal([])
  })

  it('$text – sort by textScore → weights count, score projected', async () => {
    const found = await collection()
      .find({ $text: { $search: 'running' } }, { projection: { score, name: 1 } })
      .sort({ score })
      .toArray()
    expect(found.map(({ _id }) => _id)).to.deep.equal([2, 1])
    expect(found[0]?.score).to.be.greaterThan(found[1]?.score)
    expect(found[0]).to.have.keys('_id', 'name', 'score')
  })

  it('$text – other conditions or aggregation → combined', async () => {
    const filter = { $text: { $search: 'chair' }, _id: { $gt: 2 } } as Document
    expect((await collection().find(filter).sort({ _id: 1 }).toArray()).map(({ _id }) => _id)).to.deep.equal([
      5, 6,
    ])
    const found = await collection()
      .aggregate([{ $match: filter }, { $sort: { score } }, { $project: { ok: { $gt: [score, 0] } } }])
      .toArray()
    expect(found).to.deep.equal([
      { _id: 5, ok: true },
      { _id: 6, ok: true },
    ])
  })

  it('$text – no text index → 27; score without a search → 40218', async () => {
    const other = database.connection.collection('other')
    await other.insertOne({ name: 'chair' })
    expect(await codeOf(other.find({ $text: { $search: 'chair' } }).toArray())).to.equal(27)
    expect(await codeOf(collection().find({}, { projection: { score } }).toArray())).to.equal(40218)
  })

  // skipped on the real engine, which distinguishes accents, needs no phrase if there are other words, and has other scores
  if (!onRealEngine) {
    it('$text – accents → ignored', async () => {
      await collection().insertOne({ _id: 9, name: 'Café crème' } as Document)
      expect(await search('cafe')).to.deep.equal([9])
      expect(await search('CRÈME')).to.deep.equal([9])
      await collection().deleteOne({ name: 'Café crème' })
    })

    it('$text – phrases with words → every phrase required', async () => {
      expect(await search('"arm chair" lamp')).to.deep.equal([6])
    })

    it('$text – score → documented formula', async () => {
      const scores = database.connection.collection<Document>('scores')
      await scores.insertMany([
        { _id: 1, t: 'oak' },
        { _id: 2, t: 'oak chair' },
        { _id: 3, t: 'oak oak chair lamp' },
      ] as Document[])
      await scores.createIndex({ t: 'text' }, { weights: { t: 2 } })
      const found = await scores.find({ $text: { $search: 'oak' } }, { projection: { score } }).toArray()
      const byId = Object.fromEntries(found.map((doc) => [doc._id, doc.score]))
      expect(byId).to.deep.equal({ 1: 2 * 1.1, 2: 2 * 0.75, 3: 2 * 1.5 * 0.75 })
    })

    it('insert – language without a stemmer → 17262', async () => {
      expect(await codeOf(collection().insertOne({ name: 'x', language: 'klingon' }))).to.equal(17262)
      expect(
        await codeOf(collection().updateOne({ name: 'chair' }, { $set: { language: 'none' } })),
      ).to.equal(17262)
      expect(await collection().countDocuments({ language: { $exists: true } })).to.equal(0)
    })
  }
})
