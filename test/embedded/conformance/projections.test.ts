import { expect } from 'chai'
import { type Document, openDatabase } from '../engine.ts'
import { codeOf } from './refusal.ts'

const docs: Document[] = [
  {
    _id: 1,
    a: 1,
    b: { c: 1, d: [1, 2, 3] },
    e: [{ f: 1, g: 2 }, { f: 3 }, 4, [{ f: 5 }]],
    h: null,
    s: 'str',
  },
  { _id: 2, b: 5, e: [], a: [1, 2, 3, 4] },
]

/** Projections and the resulting documents. */
const projected: [projection: Document, docs: Document[]][] = [
  [
    { a: 1 },
    [
      { _id: 1, a: 1 },
      { _id: 2, a: [1, 2, 3, 4] },
    ],
  ],
  [
    { a: 0 },
    [
      { _id: 1, b: { c: 1, d: [1, 2, 3] }, e: [{ f: 1, g: 2 }, { f: 3 }, 4, [{ f: 5 }]], h: null, s: 'str' },
      { _id: 2, b: 5, e: [] },
    ],
  ],
  [
    { _id: 0 },
    [
      { a: 1, b: { c: 1, d: [1, 2, 3] }, e: [{ f: 1, g: 2 }, { f: 3 }, 4, [{ f: 5 }]], h: null, s: 'str' },
      { b: 5, e: [], a: [1, 2, 3, 4] },
    ],
  ],
  [{ _id: 0, a: 1 }, [{ a: 1 }, { a: [1, 2, 3, 4] }]],
  [{ _id: 1 }, [{ _id: 1 }, { _id: 2 }]],
  [{ 'b.c': 1 }, [{ _id: 1, b: { c: 1 } }, { _id: 2 }]],
  [
    { 'b.c': 0 },
    [
      { _id: 1, a: 1, b: { d: [1, 2, 3] }, e: [{ f: 1, g: 2 }, { f: 3 }, 4, [{ f: 5 }]], h: null, s: 'str' },
      { _id: 2, b: 5, e: [], a: [1, 2, 3, 4] },
    ],
  ],
  [
    { 'e.f': 1 },
    [
      { _id: 1, e: [{ f: 1 }, { f: 3 }, [{ f: 5 }]] },
      { _id: 2, e: [] },
    ],
  ],
  [
    { 'e.f': 0 },
    [
      { _id: 1, a: 1, b: { c: 1, d: [1, 2, 3] }, e: [{ g: 2 }, {}, 4, [{}]], h: null, s: 'str' },
      { _id: 2, b: 5, e: [], a: [1, 2, 3, 4] },
    ],
  ],
  [
    { x: '$a' },
    [
      { _id: 1, x: 1 },
      { _id: 2, x: [1, 2, 3, 4] },
    ],
  ],
  [
    { x: { $add: [1, 2] } },
    [
      { _id: 1, x: 3 },
      { _id: 2, x: 3 },
    ],
  ],
  [
    { x: 'lit' },
    [
      { _id: 1, x: 'lit' },
      { _id: 2, x: 'lit' },
    ],
  ],
  [{ a: '$b.c', _id: 0 }, [{ a: 1 }, {}]],
  [{ 'b.c': 1, 'b.d': 1 }, [{ _id: 1, b: { c: 1, d: [1, 2, 3] } }, { _id: 2 }]],
  [
    { a: true, s: true },
    [
      { _id: 1, a: 1, s: 'str' },
      { _id: 2, a: [1, 2, 3, 4] },
    ],
  ],
  [
    { s: 1, h: 1, a: 1 },
    [
      { _id: 1, a: 1, h: null, s: 'str' },
      { _id: 2, a: [1, 2, 3, 4] },
    ],
  ],
  [
    { e: 1, 'zz.y': 1 },
    [
      { _id: 1, e: [{ f: 1, g: 2 }, { f: 3 }, 4, [{ f: 5 }]] },
      { _id: 2, e: [] },
    ],
  ],
  [
    { _id: 1, a: 0 },
    [
      { _id: 1, b: { c: 1, d: [1, 2, 3] }, e: [{ f: 1, g: 2 }, { f: 3 }, 4, [{ f: 5 }]], h: null, s: 'str' },
      { _id: 2, b: 5, e: [] },
    ],
  ],
  [
    { _id: 0, b: 0 },
    [
      { a: 1, e: [{ f: 1, g: 2 }, { f: 3 }, 4, [{ f: 5 }]], h: null, s: 'str' },
      { e: [], a: [1, 2, 3, 4] },
    ],
  ],
]
const refused: [projection: Document, code: number][] = [
  [{ a: 1, b: 0 }, 31254],
  [{ b: 1, 'b.c': 1 }, 31249],
]

describe('Projections', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>
  const collection = () => database.connection.collection<Document>('docs')

  before(async () => {
    database = await openDatabase()
    await collection().insertMany(docs)
  })
  after(() => database.close())

  it('find – projections → fields in the order of the document', async () => {
    for (const [projection, expected] of projected) {
      const found = await collection().find({}, { projection }).sort({ _id: 1 }).toArray()
      expect(found, JSON.stringify(projection)).to.deep.equal(expected)
      expect(found.map(Object.keys), JSON.stringify(projection)).to.deep.equal(expected.map(Object.keys))
    }
  })

  it('find – contradictory projection → refused', async () => {
    for (const [projection, code] of refused) {
      expect(
        await codeOf(collection().find({}, { projection }).toArray()),
        JSON.stringify(projection),
      ).to.equal(code)
    }
  })
})
