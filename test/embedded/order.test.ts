import { Binary, ObjectId } from 'bson'
import { expect } from 'chai'
import fc from 'fast-check'
import { compare } from '../../embedded/mongo/values/order.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('', '\0', '\u0001', '\0\u0001', 'a', 'a\0', 'a\u0001', '\ud83d\ude00', '\uffff', '\ue000'),
)
const number = fc.oneof(fc.double({ noNaN: true }), fc.integer())

/** Pairs of values of one type, and their order. */
const orders: [name: string, pairs: fc.Arbitrary<[unknown, unknown, number]>][] = [
  ['numbers', fc.tuple(number, number).map(([a, b]) => [a, b, a < b ? -1 : Number(a > b)])],
  ['dates', fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => [new Date(a), new Date(b), Math.sign(a - b)])],
  ['texts by their bytes', fc.tuple(text, text).map(([a, b]) => [a, b, bytes(a, b)])],
  [
    'lists by their elements, then by their length',
    fc.tuple(fc.array(text), fc.array(text)).map(([a, b]) => [a, b, byElement(a, b)]),
  ],
  [
    'documents field by field',
    fc
      .tuple(text, text, text, text)
      .map(([a, b, c, d]) => [{ [a]: c }, { [b]: d }, bytes(a, b) || bytes(c, d)]),
  ],
]
const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
const byElement = (a: string[], b: string[]) =>
  a.map((item, i) => bytes(item, b[i] ?? '') || (i < b.length ? 0 : 1)).find((order) => order !== 0) ??
  Math.sign(a.length - b.length)

describe('order of values', () => {
  for (const [name, pairs] of orders) {
    it(`compare – ${name} → the same order`, () => {
      fc.assert(
        fc.property(pairs, ([a, b, order]) => {
          expect(Math.sign(compare(a, b)) + 0).to.equal(order + 0)
        }),
        { numRuns: 1000 },
      )
    })
  }

  it('compare – values of different types → the order of MongoDB', () => {
    const ordered = [
      ...[undefined, null, Number.NaN, Number.NEGATIVE_INFINITY, -1, 0, 1, 1.5, 2 ** 60, 'A', 'a', 'b'],
      ...[
        {},
        { a: 1 },
        { a: 1, b: 1 },
        { b: 0 },
        { a: 'x' },
        [],
        [1],
        [1, 2],
        [2],
        new Binary(Buffer.from('a')),
      ],
      ...[new ObjectId('0'.repeat(24)), false, true, new Date(-1), new Date(0)],
    ]
    for (const [i, item] of ordered.entries()) {
      for (const later of ordered.slice(i + 1))
        expect(compare(item, later), `${item} ${later}`).to.be.lessThan(0)
    }
  })
})
