import type { Document } from '../engine.ts'

interface UpdateCase {
  /** Default: all documents. */
  filter?: Document
  update: Document
  arrayFilters?: Document[]
}

/** Updates, the changed fields and the removed fields. */
export const updates: (UpdateCase & { changed: Document; removed?: string[] })[] = [
  { update: { $set: { n: 6 } }, changed: { n: 6 } },
  { update: { $set: { n: 5 } }, changed: {} },
  { update: { $set: { 'o.a': 2, 'o.c.d': 1 } }, changed: { o: { a: 2, b: [1, 2, 3], c: { d: 1 } } } },
  { update: { $set: { 'l.0': 9 } }, changed: { l: [9, 1, 2] } },
  { update: { $set: { 'l.3': 9 } }, changed: { l: [3, 1, 2, 9] } },
  { update: { $set: { _id: 1 } }, changed: {} },
  { update: { $inc: { n: 2, m: 3, 'o.a': -1 } }, changed: { n: 7, o: { a: 0, b: [1, 2, 3] }, m: 3 } },
  {
    update: { $max: { n: 9, s: 3, t: new Date('2025-01-01T00:00:00.000Z') } },
    changed: { n: 9, t: new Date('2025-01-01T00:00:00.000Z') },
  },
  { update: { $max: { z: 1 } }, changed: { z: 1 } },
  { update: { $unset: { n: 1, missing: 1, 'o.a': '' } }, changed: { o: { b: [1, 2, 3] } }, removed: ['n'] },
  { update: { $unset: { 'o.z.y': 1, 'n.x': 1 } }, changed: {} },
  { update: { $unset: { 'l.0': 1, 'o.b': 1 } }, changed: { l: [null, 1, 2], o: { a: 1 } } },
  {
    update: { $unset: { 'd.$[one].v': 1 } },
    arrayFilters: [{ 'one.k': 'b' }],
    changed: { d: [{ k: 'a', v: 1 }, { k: 'b' }, { k: 'a', v: 3 }] },
  },
  {
    update: { $inc: { n: 1 }, $set: { 'p.q.n2': true }, $max: { 'p.upTo': 1 }, $unset: { 'p.q.n1': 1 } },
    changed: { n: 6, p: { q: { n2: true }, upTo: 1 } },
  },
  { update: { $push: { l: 4 } }, changed: { l: [3, 1, 2, 4] } },
  { update: { $push: { l: { $each: [5, 6] } } }, changed: { l: [3, 1, 2, 5, 6] } },
  { update: { $push: { l: { $each: [5, 6], $slice: -3 } } }, changed: { l: [2, 5, 6] } },
  { update: { $push: { l: { $each: [5, 6], $slice: -9 } } }, changed: { l: [3, 1, 2, 5, 6] } },
  { update: { $push: { l: { $each: [5], $slice: 2 } } }, changed: { l: [3, 1] } },
  { update: { $push: { l: { $each: [5], $slice: 0 } } }, changed: { l: [] } },
  { update: { $push: { added: { $each: [5, 6], $slice: -1 } } }, changed: { added: [6] } },
  { update: { $push: { q: 1 } }, changed: { q: [1] } },
  { update: { $push: { l: [7, 8] } }, changed: { l: [3, 1, 2, [7, 8]] } },
  { update: { $push: { 'o.b': 4 } }, changed: { o: { a: 1, b: [1, 2, 3, 4] } } },
  { update: { $push: { l: { x: 1 } } }, changed: { l: [3, 1, 2, { x: 1 }] } },
  { update: { $pull: { l: 1 } }, changed: { l: [3, 2] } },
  { update: { $pull: { l: { $gte: 2 } } }, changed: { l: [1] } },
  { update: { $pull: { l: { $in: [1, 2] } } }, changed: { l: [3] } },
  { update: { $pull: { d: { k: 'a' } } }, changed: { d: [{ k: 'b', v: 2 }] } },
  {
    update: { $pull: { d: { k: 'a', v: { $gt: 1 } } } },
    changed: {
      d: [
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
      ],
    },
  },
  { update: { $pull: { d: { $or: [{ k: 'b' }, { v: 3 }] } } }, changed: { d: [{ k: 'a', v: 1 }] } },
  { update: { $pull: { q: 1 } }, changed: {} },
  { update: { $pull: { d: { $elemMatch: { k: 'a' } } } }, changed: {} },
  { update: { $addToSet: { l: 1 } }, changed: {} },
  { update: { $addToSet: { l: 7 } }, changed: { l: [3, 1, 2, 7] } },
  { update: { $addToSet: { l: { $each: [1, 7, 7, 8] } } }, changed: { l: [3, 1, 2, 7, 8] } },
  { update: { $addToSet: { d: { k: 'a', v: 1 } } }, changed: {} },
  {
    update: { $addToSet: { d: { v: 1, k: 'a' } } },
    changed: {
      d: [
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
        { k: 'a', v: 3 },
        { v: 1, k: 'a' },
      ],
    },
  },
  { update: { $addToSet: { q: 1 } }, changed: { q: [1] } },
  { update: { $addToSet: { l: [1, 2] } }, changed: { l: [3, 1, 2, [1, 2]] } },
  {
    update: { $set: { 'd.$[].v': 0 } },
    changed: {
      d: [
        { k: 'a', v: 0 },
        { k: 'b', v: 0 },
        { k: 'a', v: 0 },
      ],
    },
  },
  { update: { $inc: { 'l.$[]': 1 } }, changed: { l: [4, 2, 3] } },
  {
    update: { $set: { 'd.$[e].v': 0 } },
    arrayFilters: [{ 'e.k': 'a' }],
    changed: {
      d: [
        { k: 'a', v: 0 },
        { k: 'b', v: 2 },
        { k: 'a', v: 0 },
      ],
    },
  },
  { update: { $set: { 'l.$[e]': 0 } }, arrayFilters: [{ e: { $gte: 2 } }], changed: { l: [0, 1, 0] } },
  {
    update: { $set: { 'd.$[e].v': 0, 'l.$[f]': 7 } },
    arrayFilters: [{ 'e.k': 'a', 'e.v': 3 }, { f: 3 }],
    changed: {
      l: [7, 1, 2],
      d: [
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
        { k: 'a', v: 0 },
      ],
    },
  },
  {
    update: { $set: { 'd.$[E].v': 0 } },
    arrayFilters: [{ 'E.k': 'a' }],
    changed: {
      d: [
        { k: 'a', v: 0 },
        { k: 'b', v: 2 },
        { k: 'a', v: 0 },
      ],
    },
  },
  { update: { $set: {} }, changed: {} },
  { update: { $setOnInsert: { q: 1 } }, changed: {} },
  { update: { $setOnInsert: { q: 1 }, $set: { n: 1 } }, changed: { n: 1 } },
  { filter: { n: 5, 'l.0': 3 }, update: { $set: { x: 1 } }, changed: { x: 1 } },
  { update: { $set: { n: 5, 'o.a': 1 } }, changed: {} },
  { update: { $set: { o: { b: [1, 2, 3], a: 1 } } }, changed: { o: { b: [1, 2, 3], a: 1 } } },
  {
    update: { $push: { 'd.0.w': 1 } },
    changed: {
      d: [
        { k: 'a', v: 1, w: [1] },
        { k: 'b', v: 2 },
        { k: 'a', v: 3 },
      ],
    },
  },
]

export const refusedUpdates: (UpdateCase & { code: number })[] = [
  { update: { $set: { 'l.x': 9 } }, code: 28 },
  { update: { $set: { 's.x': 9 } }, code: 28 },
  { update: { $set: { 'z.x': 1 } }, code: 28 },
  { update: { $set: { _id: 2 } }, code: 66 },
  { update: { $inc: { s: 1 } }, code: 14 },
  { update: { $inc: { z: 1 } }, code: 14 },
  { update: { $inc: { n: 'x' } }, code: 14 },
  { update: { $push: { s: 1 } }, code: 2 },
  { update: { $push: { z: 1 } }, code: 2 },
  { update: { $push: { l: { $each: 1 } } }, code: 2 },
  { update: { $push: { l: { $each: [1], $foo: 1 } } }, code: 2 },
  { update: { $push: { l: { $each: [1], $slice: 'x' } } }, code: 2 },
  { update: { $pull: { s: 1 } }, code: 2 },
  { update: { $addToSet: { s: 1 } }, code: 2 },
  { update: { $addToSet: { l: { $each: 1 } } }, code: 14 },
  { update: { $set: { 'd.$[e].v': 0 } }, code: 2 },
  { update: { $set: { n: 1 } }, arrayFilters: [{ 'e.k': 'a' }], code: 9 },
  { update: { $set: { 'q.$[].v': 0 } }, code: 2 },
  { update: { $set: { 'd.$[e].v': 0 } }, arrayFilters: [{ 'e.k': 'a', 'f.k': 1 }], code: 9 },
  { update: { $set: { 'd.$[e].v': 0 } }, arrayFilters: [{ e: 1 }, { e: 2 }], code: 9 },
  { update: { $set: { n: 1 }, $inc: { n: 1 } }, code: 40 },
  { update: { $set: { o: 1, 'o.a': 1 } }, code: 40 },
  { update: { $set: { 'o-x': 2, o: 1, 'o.a': 1 } }, code: 40 },
  { update: { $set: { 'l.$[]': 1 }, $inc: { 'l.0': 1 } }, code: 40 },
  { update: { $foo: { n: 1 } }, code: 9 },
  { update: { $set: 1 }, code: 9 },
  { update: { $set: { '': 1 } }, code: 56 },
  { update: { $currentDate: { q: 5 } }, code: 2 },
  { update: { $set: { 'o.b.x.y': 1 } }, code: 28 },
]

/** Filter and update of an upsert, and the inserted document without a generated `_id`, or an error code. */
export const upserts: [filter: Document, update: Document, inserted: Document | number][] = [
  [{ a: 1 }, { $set: { b: 2 } }, { a: 1, b: 2 }],
  [{ _id: 5, a: 1 }, { $inc: { n: 1 } }, { _id: 5, a: 1, n: 1 }],
  [{ 'o.a': 1, 'o.b': 2 }, { $set: { c: 1 } }, { o: { a: 1, b: 2 }, c: 1 }],
  [{ a: { $gt: 1 } }, { $set: { b: 1 } }, { b: 1 }],
  [{ a: { $eq: 3 } }, { $set: { b: 1 } }, { a: 3, b: 1 }],
  [{ a: { $in: [1, 2] } }, { $set: { b: 1 } }, { b: 1 }],
  [{ a: { $in: [7] } }, { $set: { b: 1 } }, { a: 7, b: 1 }],
  [{ $and: [{ a: 1 }, { b: 2 }] }, { $set: { c: 1 } }, { a: 1, b: 2, c: 1 }],
  [{ $or: [{ a: 1 }] }, { $set: { c: 1 } }, { a: 1, c: 1 }],
  [{ $or: [{ a: 1 }, { a: 2 }] }, { $set: { c: 1 } }, { c: 1 }],
  [{ a: /x/ }, { $set: { c: 1 } }, { c: 1 }],
  [{ a: 1 }, { $set: { a: 2 } }, { a: 2 }],
  [{ _id: 9 }, { $set: { _id: 9 } }, { _id: 9 }],
  [{ a: null }, { $set: { b: 1 } }, { a: null, b: 1 }],
  [{ a: [1, 2] }, { $push: { a: 3 } }, { a: [1, 2, 3] }],
  [{ a: { $all: [1] } }, { $set: { b: 1 } }, { a: 1, b: 1 }],
  [{ a: { $exists: false } }, { $set: { b: 1 } }, { b: 1 }],
  [{ a: { $ne: 1 } }, { $setOnInsert: { b: 1 } }, { b: 1 }],
  [{ 'a.0': 1 }, { $set: { b: 1 } }, { a: { 0: 1 }, b: 1 }],
  [{ a: { b: 1 } }, { $set: { c: 1 } }, { a: { b: 1 }, c: 1 }],
  [{ a: { b: 1 } }, { $set: { 'a.c': 1 } }, { a: { b: 1, c: 1 } }],
  [{ _id: 9 }, { $set: { _id: 8 } }, 66],
  [{ _id: 4, $expr: { $lt: ['$a', 5] } }, { $inc: { a: 1 } }, 224],
]
