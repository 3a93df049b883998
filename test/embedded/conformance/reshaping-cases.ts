import type { Document } from '../engine.ts'

/** Pipelines that reshape, order and join documents. */
export const reshaping: [pipeline: Document[], result: Document[]][] = [
  [[{ $match: { _id: 4 } }, { $unwind: '$tags' }, { $sort: { _id: 1, tags: 1 } }], []],
  [
    [
      { $match: { _id: 4 } },
      { $unwind: { path: '$tags', preserveNullAndEmptyArrays: true, includeArrayIndex: 'i' } },
      { $project: { tags: 1, i: 1 } },
    ],
    [{ _id: 4, tags: null, i: null }],
  ],
  [
    [{ $unwind: '$arr' }, { $project: { arr: 1 } }],
    [
      { _id: 4, arr: { q: 1, w: 2 } },
      { _id: 4, arr: { q: 3 } },
      { _id: 5, arr: { q: 5 } },
    ],
  ],
  [[{ $unwind: { path: '$arr.q' } }, { $project: { arr: 1 } }], []],
  [[{ $unwind: '$missing' }], []],
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
    [{ $project: { arr: { q: 1 } } }],
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
    [{ $project: { 'o.z': '$n' } }],
    [
      { _id: 1, o: { z: 5 } },
      { _id: 2, o: { z: 7 } },
      { _id: 3, o: { z: null } },
      { _id: 4, o: { z: 2.5 } },
      { _id: 5, o: { z: -3 } },
      { _id: 6, o: { z: 0 } },
    ],
  ],
  [
    [{ $project: { 'arr.z': '$n' } }],
    [
      { _id: 1, arr: { z: 5 } },
      { _id: 2, arr: { z: 7 } },
      { _id: 3, arr: { z: null } },
      { _id: 4, arr: [{ z: 2.5 }, { z: 2.5 }] },
      { _id: 5, arr: [{ z: -3 }] },
      { _id: 6, arr: { z: 0 } },
    ],
  ],
  [
    [{ $project: { x: ['$n', '$cat'] } }],
    [
      { _id: 1, x: [5, 'a'] },
      { _id: 2, x: [7, 'b'] },
      { _id: 3, x: [null, 'a'] },
      { _id: 4, x: [2.5, null] },
      { _id: 5, x: [-3, null] },
      { _id: 6, x: [0, 'c'] },
    ],
  ],
  [
    [{ $project: { x: { a: '$n', b: '$missing' } } }],
    [
      { _id: 1, x: { a: 5 } },
      { _id: 2, x: { a: 7 } },
      { _id: 3, x: { a: null } },
      { _id: 4, x: { a: 2.5 } },
      { _id: 5, x: { a: -3 } },
      { _id: 6, x: { a: 0 } },
    ],
  ],
  [
    [{ $project: { x: '$missing' } }],
    [{ _id: 1 }, { _id: 2 }, { _id: 3 }, { _id: 4 }, { _id: 5 }, { _id: 6 }],
  ],
  [
    [{ $project: { n: '$$REMOVE', cat: 1 } }],
    [
      { _id: 1, cat: 'a' },
      { _id: 2, cat: 'b' },
      { _id: 3, cat: 'a' },
      { _id: 4 },
      { _id: 5, cat: null },
      { _id: 6, cat: 'c' },
    ],
  ],
  [
    [{ $project: { o: { k: 1, z: '$n' } } }],
    [
      { _id: 1, o: { k: 1, z: 5 } },
      { _id: 2, o: { k: 2, z: 7 } },
      { _id: 3, o: { z: null } },
      { _id: 4, o: { z: 2.5 } },
      { _id: 5, o: { z: -3 } },
      { _id: 6, o: { z: 0 } },
    ],
  ],
  [
    [{ $match: { _id: 4 } }, { $addFields: { x: { $multiply: ['$n', 2] }, 'o.z': 1 } }],
    [{ _id: 4, n: 2.5, tags: null, s: 'Zebra', arr: [{ q: 1, w: 2 }, { q: 3 }], x: 5, o: { z: 1 } }],
  ],
  [
    [{ $match: { _id: 4 } }, { $addFields: { 'arr.z': '$n' } }],
    [
      {
        _id: 4,
        n: 2.5,
        tags: null,
        s: 'Zebra',
        arr: [
          { q: 1, w: 2, z: 2.5 },
          { q: 3, z: 2.5 },
        ],
      },
    ],
  ],
  [
    [{ $match: { _id: 4 } }, { $set: { n: '$$REMOVE' } }],
    [{ _id: 4, tags: null, s: 'Zebra', arr: [{ q: 1, w: 2 }, { q: 3 }] }],
  ],
  [
    [{ $match: { _id: 4 } }, { $set: { o: { k: 5 } } }],
    [{ _id: 4, n: 2.5, tags: null, s: 'Zebra', arr: [{ q: 1, w: 2 }, { q: 3 }], o: { k: 5 } }],
  ],
  [
    [{ $match: { _id: 4 } }, { $set: { tags: { $ifNull: ['$tags', []] } } }],
    [{ _id: 4, n: 2.5, tags: [], s: 'Zebra', arr: [{ q: 1, w: 2 }, { q: 3 }] }],
  ],
  [
    [{ $match: { _id: 4 } }, { $unset: ['tags', 'o.k', 'arr.q'] }],
    [{ _id: 4, n: 2.5, s: 'Zebra', arr: [{ w: 2 }, {}] }],
  ],
  [
    [{ $match: { _id: 4 } }, { $set: { a: { b: { c: '$n' } } } }],
    [{ _id: 4, n: 2.5, tags: null, s: 'Zebra', arr: [{ q: 1, w: 2 }, { q: 3 }], a: { b: { c: 2.5 } } }],
  ],
  [
    [{ $match: { _id: 4 } }, { $set: { o: { $literal: { k: 9 } } } }],
    [{ _id: 4, n: 2.5, tags: null, s: 'Zebra', arr: [{ q: 1, w: 2 }, { q: 3 }], o: { k: 9 } }],
  ],
  [
    [{ $replaceRoot: { newRoot: { $ifNull: ['$o', { none: 1 }] } } }],
    [{ k: 1 }, { k: 2 }, { none: 1 }, { none: 1 }, { none: 1 }, { none: 1 }],
  ],
  [[{ $replaceWith: { a: '$n' } }], [{ a: 5 }, { a: 7 }, { a: null }, { a: 2.5 }, { a: -3 }, { a: 0 }]],
  [
    [{ $replaceRoot: { newRoot: { $mergeObjects: [{ d: 1 }, '$o'] } } }],
    [{ d: 1, k: 1 }, { d: 1, k: 2 }, { d: 1 }, { d: 1 }, { d: 1 }, { d: 1 }],
  ],
  [
    [{ $match: { _id: 4 } }, { $replaceWith: '$$ROOT' }],
    [{ _id: 4, n: 2.5, tags: null, s: 'Zebra', arr: [{ q: 1, w: 2 }, { q: 3 }] }],
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
  [
    [{ $match: { _id: 4 } }, { $lookup: { from: 'LOOK', localField: 'cat', foreignField: 'k', as: 'j' } }],
    [
      {
        _id: 4,
        n: 2.5,
        tags: null,
        s: 'Zebra',
        arr: [{ q: 1, w: 2 }, { q: 3 }],
        j: [
          { _id: 3, v: 5 },
          { _id: 4, k: null, v: 7 },
        ],
      },
    ],
  ],
  [
    [{ $match: { _id: 4 } }, { $lookup: { from: 'LOOK', localField: 'tags', foreignField: 'k', as: 'j' } }],
    [
      {
        _id: 4,
        n: 2.5,
        tags: null,
        s: 'Zebra',
        arr: [{ q: 1, w: 2 }, { q: 3 }],
        j: [
          { _id: 3, v: 5 },
          { _id: 4, k: null, v: 7 },
        ],
      },
    ],
  ],
  [
    [
      { $match: { _id: 4 } },
      {
        $lookup: {
          from: 'LOOK',
          let: { n: '$n' },
          pipeline: [{ $match: { $expr: { $gt: ['$v', '$$n'] } } }, { $project: { v: 1 } }],
          as: 'j',
        },
      },
    ],
    [
      {
        _id: 4,
        n: 2.5,
        tags: null,
        s: 'Zebra',
        arr: [{ q: 1, w: 2 }, { q: 3 }],
        j: [
          { _id: 2, v: 3 },
          { _id: 3, v: 5 },
          { _id: 4, v: 7 },
        ],
      },
    ],
  ],
  [
    [
      { $match: { _id: 4 } },
      {
        $lookup: {
          from: 'LOOK',
          localField: 'cat',
          foreignField: 'k',
          pipeline: [{ $match: { v: { $gt: 1 } } }, { $sort: { v: -1 } }],
          as: 'o.j',
        },
      },
    ],
    [
      {
        _id: 4,
        n: 2.5,
        tags: null,
        s: 'Zebra',
        arr: [{ q: 1, w: 2 }, { q: 3 }],
        o: {
          j: [
            { _id: 4, k: null, v: 7 },
            { _id: 3, v: 5 },
          ],
        },
      },
    ],
  ],
  [
    [{ $lookup: { from: 'nope', localField: 'cat', foreignField: 'k', as: 'j' } }, { $project: { j: 1 } }],
    [
      { _id: 1, j: [] },
      { _id: 2, j: [] },
      { _id: 3, j: [] },
      { _id: 4, j: [] },
      { _id: 5, j: [] },
      { _id: 6, j: [] },
    ],
  ],
  [
    [{ $lookup: { from: 'LOOK', localField: 'arr.q', foreignField: 'v', as: 'j' } }, { $project: { j: 1 } }],
    [
      { _id: 1, j: [] },
      { _id: 2, j: [] },
      { _id: 3, j: [] },
      {
        _id: 4,
        j: [
          { _id: 1, k: 'a', v: 1 },
          { _id: 2, k: 'b', v: 3 },
        ],
      },
      { _id: 5, j: [{ _id: 3, v: 5 }] },
      { _id: 6, j: [] },
    ],
  ],
  [
    [
      { $match: { _id: 4 } },
      { $lookup: { from: 'LOOK', localField: 'cat', foreignField: 'ks', as: 'j' } },
      { $project: { j: 1 } },
    ],
    [
      {
        _id: 4,
        j: [
          { _id: 1, k: 'a', v: 1 },
          { _id: 2, k: 'b', v: 3 },
          { _id: 3, v: 5 },
          { _id: 4, k: null, v: 7 },
        ],
      },
    ],
  ],
  [
    [
      { $project: { k: '$cat' } },
      { $unionWith: { coll: 'LOOK', pipeline: [{ $match: { v: { $gt: 1 } } }] } },
    ],
    [
      { _id: 1, k: 'a' },
      { _id: 2, k: 'b' },
      { _id: 3, k: 'a' },
      { _id: 4 },
      { _id: 5, k: null },
      { _id: 6, k: 'c' },
      { _id: 2, k: 'b', v: 3 },
      { _id: 3, v: 5 },
      { _id: 4, k: null, v: 7 },
    ],
  ],
  [[{ $match: { cat: 'a' } }, { $match: { n: 5 } }, { $project: { n: 1 } }], [{ _id: 1, n: 5 }]],
  [[{ $match: { $expr: { $eq: [{ $type: '$n' }, 'missing'] } } }], []],
  [
    [{ $match: { $or: [{ n: { $gt: 5 } }, { cat: 'c' }] } }, { $project: { _id: 1 } }],
    [{ _id: 2 }, { _id: 6 }],
  ],
  [
    [{ $project: { x: { $sum: '$tags' } } }],
    [
      { _id: 1, x: 0 },
      { _id: 2, x: 0 },
      { _id: 3, x: 0 },
      { _id: 4, x: 0 },
      { _id: 5, x: 0 },
      { _id: 6, x: 0 },
    ],
  ],
]
