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

/** Projections and what they leave of the documents. */
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
  [{ b: { c: 1 } }, [{ _id: 1, b: { c: 1 } }, { _id: 2 }]],
  [
    { b: { c: 0 } },
    [
      { _id: 1, a: 1, b: { d: [1, 2, 3] }, e: [{ f: 1, g: 2 }, { f: 3 }, 4, [{ f: 5 }]], h: null, s: 'str' },
      { _id: 2, b: 5, e: [], a: [1, 2, 3, 4] },
    ],
  ],
  [
    { e: { $slice: 1 } },
    [
      { _id: 1, a: 1, b: { c: 1, d: [1, 2, 3] }, e: [{ f: 1, g: 2 }], h: null, s: 'str' },
      { _id: 2, b: 5, e: [], a: [1, 2, 3, 4] },
    ],
  ],
  [
    { e: { $slice: -2 } },
    [
      { _id: 1, a: 1, b: { c: 1, d: [1, 2, 3] }, e: [4, [{ f: 5 }]], h: null, s: 'str' },
      { _id: 2, b: 5, e: [], a: [1, 2, 3, 4] },
    ],
  ],
  [
    { e: { $slice: [1, 2] } },
    [
      { _id: 1, a: 1, b: { c: 1, d: [1, 2, 3] }, e: [{ f: 3 }, 4], h: null, s: 'str' },
      { _id: 2, b: 5, e: [], a: [1, 2, 3, 4] },
    ],
  ],
  [
    { a: 1, e: { $slice: 1 } },
    [
      { _id: 1, a: 1, e: [{ f: 1, g: 2 }] },
      { _id: 2, e: [], a: [1, 2, 3, 4] },
    ],
  ],
  [{ e: { $elemMatch: { f: 3 } } }, [{ _id: 1, e: [{ f: 3 }] }, { _id: 2 }]],
  [
    { a: 1, e: { $elemMatch: { f: 3 } } },
    [
      { _id: 1, a: 1, e: [{ f: 3 }] },
      { _id: 2, a: [1, 2, 3, 4] },
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
  [
    { 'b.x': '$a' },
    [
      { _id: 1, b: { x: 1 } },
      { _id: 2, b: { x: [1, 2, 3, 4] } },
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
    { a: { $slice: 2 } },
    [
      {
        _id: 1,
        a: 1,
        b: { c: 1, d: [1, 2, 3] },
        e: [{ f: 1, g: 2 }, { f: 3 }, 4, [{ f: 5 }]],
        h: null,
        s: 'str',
      },
      { _id: 2, b: 5, e: [], a: [1, 2] },
    ],
  ],
  [
    { a: 0, e: { $slice: 1 } },
    [
      { _id: 1, b: { c: 1, d: [1, 2, 3] }, e: [{ f: 1, g: 2 }], h: null, s: 'str' },
      { _id: 2, b: 5, e: [] },
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
    { 'b.d': { $slice: 1 } },
    [
      { _id: 1, a: 1, b: { c: 1, d: [1] }, e: [{ f: 1, g: 2 }, { f: 3 }, 4, [{ f: 5 }]], h: null, s: 'str' },
      { _id: 2, b: 5, e: [], a: [1, 2, 3, 4] },
    ],
  ],
  [
    { x: '$$ROOT.a' },
    [
      { _id: 1, x: 1 },
      { _id: 2, x: [1, 2, 3, 4] },
    ],
  ],
  [
    { 'e.x': { $literal: 1 } },
    [
      { _id: 1, e: [{ x: 1 }, { x: 1 }, { x: 1 }, [{ x: 1 }]] },
      { _id: 2, e: [] },
    ],
  ],
  [
    { x: { y: '$a', z: 1 } },
    [
      { _id: 1, x: { y: 1 } },
      { _id: 2, x: { y: [1, 2, 3, 4] } },
    ],
  ],
  [
    { x: ['$a', '$s'] },
    [
      { _id: 1, x: [1, 'str'] },
      { _id: 2, x: [[1, 2, 3, 4], null] },
    ],
  ],
  [
    { _id: 0, b: 0 },
    [
      { a: 1, e: [{ f: 1, g: 2 }, { f: 3 }, 4, [{ f: 5 }]], h: null, s: 'str' },
      { e: [], a: [1, 2, 3, 4] },
    ],
  ],
  [{ _id: '$a', s: 1 }, [{ _id: 1, s: 'str' }, { _id: [1, 2, 3, 4] }]],
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

  it('leave what they ask for, in the order of the document', async () => {
    for (const [projection, expected] of projected) {
      const found = await collection().find({}, { projection }).sort({ _id: 1 }).toArray()
      expect(found, JSON.stringify(projection)).to.deep.equal(expected)
      expect(found.map(Object.keys), JSON.stringify(projection)).to.deep.equal(expected.map(Object.keys))
    }
  })

  it('pick the element that made the filter match', async () => {
    const pick = (filter: Document, projection: Document) =>
      collection().find(filter, { projection }).toArray()
    expect(await pick({ 'e.f': 3 }, { 'e.$': 1 })).to.deep.equal([{ _id: 1, e: [{ f: 3 }] }])
    expect(await pick({ _id: 2, a: { $gte: 2 } }, { 'a.$': 1 })).to.deep.equal([{ _id: 2, a: [2] }])
    expect(await pick({ e: { $elemMatch: { f: 3 } } }, { 'e.$': 1, s: 1 })).to.deep.equal([
      { _id: 1, e: [{ f: 3 }], s: 'str' },
    ])
    expect(await codeOf(pick({ _id: 1 }, { 'e.$': 1 }))).to.equal(51246)
  })

  it('are refused when they contradict themselves', async () => {
    for (const [projection, code] of refused) {
      expect(
        await codeOf(collection().find({}, { projection }).toArray()),
        JSON.stringify(projection),
      ).to.equal(code)
    }
  })
})
