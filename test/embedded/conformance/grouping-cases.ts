import { Types } from 'mongoose'
import type { Document } from '../engine.ts'

const id = (n: number) => new Types.ObjectId(n.toString(16).padStart(24, '0'))

/** Pipelines that make few documents of many. */
export const grouping: [pipeline: Document[], result: Document[]][] = [
  [
    [
      { $match: { _id: 4 } },
      {
        $group: {
          _id: '$cat',
          c: { $sum: 1 },
          s: { $sum: '$n' },
          a: { $avg: '$n' },
          mx: { $max: '$n' },
          mn: { $min: '$n' },
          p: { $push: '$n' },
          f: { $first: '$_id' },
          l: { $last: '$_id' },
        },
      },
      { $sort: { _id: 1 } },
    ],
    [{ _id: null, c: 1, s: 2.5, a: 2.5, mx: 2.5, mn: 2.5, p: [2.5], f: 4, l: 4 }],
  ],
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
  [
    [
      {
        $group: {
          _id: null,
          m: { $mergeObjects: '$o' },
          sd: { $stdDevPop: '$n' },
          ss: { $stdDevSamp: '$n' },
        },
      },
    ],
    [{ _id: null, m: { k: 2 }, sd: 3.54400902933387, ss: 3.96232255123179 }],
  ],
  [[{ $match: { _id: 99 } }, { $group: { _id: null, n: { $sum: 1 } } }], []],
  [[{ $match: { _id: 99 } }, { $count: 'n' }], []],
  [[{ $count: 'n' }], [{ n: 6 }]],
  [
    [
      { $unwind: '$tags' },
      { $sortByCount: '$tags' },
      { $match: { count: { $gt: 1 } } },
      { $sort: { _id: 1 } },
    ],
    [
      { _id: 'x', count: 3 },
      { _id: 'y', count: 2 },
    ],
  ],
  [
    [
      { $match: { _id: 4 } },
      {
        $facet: {
          a: [{ $match: { n: { $gt: 0 } } }, { $count: 'c' }],
          b: [{ $group: { _id: '$cat' } }, { $sort: { _id: 1 } }],
          c: [{ $sort: { n: -1, _id: 1 } }, { $skip: 1 }, { $limit: 2 }, { $project: { n: 1 } }],
        },
      },
    ],
    [{ a: [{ c: 1 }], b: [{ _id: null }], c: [] }],
  ],
  [
    [
      {
        $bucket: {
          groupBy: '$n',
          boundaries: [0, 3, 8],
          default: 'other',
          output: { c: { $sum: 1 }, ids: { $push: '$_id' } },
        },
      },
    ],
    [
      { _id: 0, c: 2, ids: [4, 6] },
      { _id: 3, c: 2, ids: [1, 2] },
      { _id: 'other', c: 2, ids: [3, 5] },
    ],
  ],
  [
    [{ $match: { n: { $gte: 0 } } }, { $bucket: { groupBy: '$n', boundaries: [0, 3, 8] } }],
    [
      { _id: 0, count: 2 },
      { _id: 3, count: 2 },
    ],
  ],
  [[{ $unionWith: 'LOOK' }, { $count: 'n' }], [{ n: 11 }]],
  [[{ $sample: { size: 100 } }, { $count: 'n' }], [{ n: 6 }]],
  [
    [
      { $group: { _id: { $cond: [{ $gt: ['$n', 0] }, 'pos', 'neg'] }, n: { $sum: 1 } } },
      { $sort: { _id: 1 } },
    ],
    [
      { _id: 'neg', n: 3 },
      { _id: 'pos', n: 3 },
    ],
  ],
  [
    [{ $group: { _id: '$cat', t: { $push: { i: '$_id', n: '$n' } } } }, { $sort: { _id: 1 } }],
    [
      {
        _id: null,
        t: [
          { i: 4, n: 2.5 },
          { i: 5, n: -3 },
        ],
      },
      {
        _id: 'a',
        t: [
          { i: 1, n: 5 },
          { i: 3, n: null },
        ],
      },
      { _id: 'b', t: [{ i: 2, n: 7 }] },
      { _id: 'c', t: [{ i: 6, n: 0 }] },
    ],
  ],
  [
    [
      {
        $group: {
          _id: null,
          x: { $sum: { $cond: [{ $isArray: '$tags' }, { $size: { $ifNull: ['$tags', []] } }, 0] } },
        },
      },
    ],
    [{ _id: null, x: 6 }],
  ],
  [
    [{ $group: { _id: null, x: { $max: '$at' }, y: { $min: '$at' } } }],
    [{ _id: null, x: new Date('2024-12-31T23:59:59.000Z'), y: new Date('2024-03-05T10:20:30.123Z') }],
  ],
  [[{ $group: { _id: null, x: { $first: '$missing' } } }], [{ _id: null, x: null }]],
]
