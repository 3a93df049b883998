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

/** What `$lookup` and `$unionWith` reach for. */
export const joined: Document[] = [
  { _id: 1, k: 'a', v: 1 },
  { _id: 2, k: 'b', v: 3 },
  { _id: 3, v: 5 },
  { _id: 4, k: null, v: 7 },
  { _id: 5, k: ['x', 'y'], ks: ['a', 'c'], v: 0 },
]

export const refusedPipelines: [pipeline: Document[], code: number][] = [
  [[{ $replaceRoot: { newRoot: '$n' } }], 40228],
]
