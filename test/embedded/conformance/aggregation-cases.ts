import { Types } from 'mongoose'
import type { Document } from '../engine.ts'

const id = (n: number) => new Types.ObjectId(n.toString(16).padStart(24, '0'))

export const docs: Document[] = [
  {
    _id: 1,
    cat: 'a',
    n: 5,
    tags: ['x', 'y'],
    at: new Date('2024-03-05T10:20:30.123Z'),
    o: { k: 1 },
    s: 'Hello World',
    ref: id(1),
  },
  {
    _id: 2,
    cat: 'b',
    n: 7,
    tags: ['y'],
    at: new Date('2024-12-31T23:59:59.000Z'),
    o: { k: 2 },
    s: 'abc',
    ref: id(2),
  },
  { _id: 3, cat: 'a', n: null, tags: [], at: null, s: '', ref: id(1) },
  { _id: 4, n: 2.5, tags: null, s: 'Zebra', arr: [{ q: 1, w: 2 }, { q: 3 }] },
  { _id: 5, cat: null, n: -3, tags: 'z', arr: [{ q: 5 }], s: 'ábc' },
  { _id: 6, cat: 'c', n: 0, tags: ['x', 'x', 'w'], flag: true, m: [[1, 2], [3]] },
]

/** Pipelines and their results. */
export const pipelines: [pipeline: Document[], result: Document[]][] = [
  [
    [{ $group: { _id: '$ref', n: { $sum: 1 } } }, { $sort: { _id: 1 } }],
    [
      { _id: null, n: 3 },
      { _id: id(1), n: 2 },
      { _id: id(2), n: 1 },
    ],
  ],
  [
    [{ $group: { _id: '$at' } }, { $sort: { _id: 1 } }],
    [
      { _id: null },
      { _id: new Date('2024-03-05T10:20:30.123Z') },
      { _id: new Date('2024-12-31T23:59:59.000Z') },
    ],
  ],
  [
    [{ $group: { _id: '$o' } }, { $sort: { _id: 1 } }],
    [{ _id: null }, { _id: { k: 1 } }, { _id: { k: 2 } }],
  ],
  [
    [{ $match: { _id: 4 } }, { $group: { _id: '$tags', n: { $sum: 1 } } }, { $sort: { _id: 1 } }],
    [{ _id: null, n: 1 }],
  ],
  [[{ $match: { _id: 99 } }, { $group: { _id: null, n: { $sum: 1 } } }], []],
  [[{ $match: { _id: 4 } }, { $unwind: '$tags' }, { $sort: { _id: 1, tags: 1 } }], []],
  [
    [{ $unwind: '$arr' }, { $project: { arr: 1 } }],
    [
      { _id: 4, arr: { q: 1, w: 2 } },
      { _id: 4, arr: { q: 3 } },
      { _id: 5, arr: { q: 5 } },
    ],
  ],
  [[{ $unwind: '$missing' }], []],
  [
    [
      { $unwind: '$tags' },
      { $group: { _id: '$tags', n: { $sum: 1 }, sum: { $sum: '$n' } } },
      { $sort: { n: -1, _id: 1 } },
      { $limit: 3 },
    ],
    [
      { _id: 'x', n: 3, sum: 5 },
      { _id: 'y', n: 2, sum: 12 },
      { _id: 'w', n: 1, sum: 0 },
    ],
  ],
  [
    [
      { $addFields: { more: { $add: ['$n', 1] }, n: '$_id' } },
      { $match: { $or: [{ more: { $gt: 0 } }, { 'o.k': 1 }], cat: { $ne: 'c' } } },
      { $sort: { more: -1, n: 1 } },
      { $limit: 2 },
      { $project: { more: 1, n: 1, cat: 1 } },
    ],
    [
      { _id: 2, cat: 'b', n: 2, more: 8 },
      { _id: 1, cat: 'a', n: 1, more: 6 },
    ],
  ],
  [
    [{ $match: { n: { $gte: 0 } } }, { $sort: { n: -1 } }, { $limit: 2 }, { $project: { n: 1 } }],
    [
      { _id: 2, n: 7 },
      { _id: 1, n: 5 },
    ],
  ],
  [
    [{ $project: { cat: 1, x: { $add: ['$n', 1] } } }],
    [
      { _id: 1, cat: 'a', x: 6 },
      { _id: 2, cat: 'b', x: 8 },
      { _id: 3, cat: 'a', x: null },
      { _id: 4, x: 3.5 },
      { _id: 5, cat: null, x: -2 },
      { _id: 6, cat: 'c', x: 1 },
    ],
  ],
  [[{ $project: { _id: 0, n: 1 } }], [{ n: 5 }, { n: 7 }, { n: null }, { n: 2.5 }, { n: -3 }, { n: 0 }]],
  [
    [{ $project: { 'o.k': 1 } }],
    [{ _id: 1, o: { k: 1 } }, { _id: 2, o: { k: 2 } }, { _id: 3 }, { _id: 4 }, { _id: 5 }, { _id: 6 }],
  ],
  [
    [{ $project: { 'arr.q': 1 } }],
    [
      { _id: 1 },
      { _id: 2 },
      { _id: 3 },
      { _id: 4, arr: [{ q: 1 }, { q: 3 }] },
      { _id: 5, arr: [{ q: 5 }] },
      { _id: 6 },
    ],
  ],
  [
    [{ $match: { _id: 4 } }, { $project: { tags: 0, 'arr.q': 0 } }],
    [{ _id: 4, n: 2.5, s: 'Zebra', arr: [{ w: 2 }, {}] }],
  ],
  [
    [{ $project: { x: '$o.k', y: '$arr.q' } }],
    [{ _id: 1, x: 1 }, { _id: 2, x: 2 }, { _id: 3 }, { _id: 4, y: [1, 3] }, { _id: 5, y: [5] }, { _id: 6 }],
  ],
  [
    [{ $project: { x: '$missing' } }],
    [{ _id: 1 }, { _id: 2 }, { _id: 3 }, { _id: 4 }, { _id: 5 }, { _id: 6 }],
  ],
  [
    [{ $sort: { cat: 1, n: -1 } }, { $project: { _id: 1 } }],
    [{ _id: 4 }, { _id: 5 }, { _id: 1 }, { _id: 3 }, { _id: 2 }, { _id: 6 }],
  ],
  [
    [{ $sort: { tags: 1, _id: 1 } }, { $project: { _id: 1 } }],
    [{ _id: 3 }, { _id: 4 }, { _id: 6 }, { _id: 1 }, { _id: 2 }, { _id: 5 }],
  ],
  [[{ $match: { _id: 4 } }, { $sort: { tags: -1, _id: 1 } }, { $project: { _id: 1 } }], [{ _id: 4 }]],
  [
    [{ $sort: { 'arr.q': -1, _id: 1 } }, { $skip: 1 }, { $limit: 3 }, { $project: { _id: 1 } }],
    [{ _id: 4 }, { _id: 1 }, { _id: 2 }],
  ],
  [
    [{ $match: { _id: 4 } }, { $limit: 3 }, { $sort: { _id: -1 } }],
    [{ _id: 4, n: 2.5, tags: null, s: 'Zebra', arr: [{ q: 1, w: 2 }, { q: 3 }] }],
  ],
  [
    [{ $skip: 2 }, { $limit: 2 }, { $project: { _id: 1 } }],
    [{ _id: 3 }, { _id: 4 }],
  ],
  [
    [{ $limit: 4 }, { $skip: 2 }, { $project: { _id: 1 } }],
    [{ _id: 3 }, { _id: 4 }],
  ],
  [
    [{ $sort: { n: 1 } }, { $limit: 4 }, { $match: { n: { $gt: 0 } } }, { $project: { _id: 1 } }],
    [{ _id: 4 }],
  ],
  [[{ $match: { cat: 'a' } }, { $match: { n: 5 } }, { $project: { n: 1 } }], [{ _id: 1, n: 5 }]],
  [
    [{ $match: { $or: [{ n: { $gt: 5 } }, { cat: 'c' }] } }, { $project: { _id: 1 } }],
    [{ _id: 2 }, { _id: 6 }],
  ],
  [
    [
      { $match: { _id: { $lt: 3 } } },
      {
        $facet: {
          a: [
            { $unwind: '$tags' },
            { $group: { _id: '$tags', n: { $sum: 1 } } },
            { $sort: { n: -1, _id: 1 } },
          ],
          b: [{ $group: { _id: '$cat', n: { $sum: '$n' } } }, { $sort: { _id: 1 } }, { $limit: 1 }],
          c: [{ $sort: { n: -1, _id: 1 } }, { $skip: 1 }, { $project: { _id: 0, least: '$n' } }],
        },
      },
    ],
    [
      {
        a: [
          { _id: 'y', n: 2 },
          { _id: 'x', n: 1 },
        ],
        b: [{ _id: 'a', n: 5 }],
        c: [{ least: 5 }],
      },
    ],
  ],
  [
    [{ $match: { _id: 5 } }, { $addFields: { more: { $add: ['$n', 1] }, s: '$missing' } }],
    [{ _id: 5, cat: null, n: -3, tags: 'z', arr: [{ q: 5 }], more: -2 }],
  ],
]

/** Expressions and their values for each document, or one value if it is the same for all. */
export const expressions: [expression: unknown, values: unknown[]][] = [
  [{ $add: ['$n', 1, 2] }, [8, 10, null, 5.5, 0, 3]],
  [{ $eq: ['$n', 5] }, [true, false, false, false, false, false]],
  [{ $ne: ['$cat', 'a'] }, [false, true, false, true, true, true]],
  [{ $gt: ['$n', 0] }, [true, true, false, true, false, false]],
  [{ $lt: ['$n', 0] }, [false, false, true, false, true, false]],
  [{ $gte: ['$n', null] }, [true]],
  [{ $lte: ['$missing', null] }, [true]],
  [{ $eq: ['$missing', null] }, [false]],
  [{ $gt: ['$s', 5] }, [true, true, true, true, true, false]],
  ['$arr.q', [undefined, undefined, undefined, [1, 3], [5], undefined]],
  ['$m', [undefined, undefined, undefined, undefined, undefined, [[1, 2], [3]]]],
  ['$o.k', [1, 2, undefined, undefined, undefined, undefined]],
  ['plain', ['plain']],
  [5, [undefined]],
  [null, [null]],
  [{ $add: [] }, [0]],
]
