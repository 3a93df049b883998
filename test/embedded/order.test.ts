import { Binary, BSONRegExp, MaxKey, MinKey, ObjectId, Timestamp } from 'bson'
import { expect } from 'chai'
import fc from 'fast-check'
import { encode } from '../../embedded/mongo/values/encode.ts'
import { compare } from '../../embedded/mongo/values/order.ts'

const scalar = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('', '\0', '\u0001', '\0\u0001', 'a', 'a\0', 'a\u0001', '\ud83d\ude00', '\uffff', '\ue000'),
  fc.boolean(),
  fc.constantFrom(null, undefined, new MinKey(), new MaxKey()),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => new Binary(bytes)),
  fc.nat().map((t) => new Timestamp({ t, i: 1 })),
  fc.constantFrom('a', 'b', 'a.*').map((pattern) => new BSONRegExp(pattern, 'i')),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'a\0', ''), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}))

describe('The order of values', () => {
  it('is the same for values and for their encoded keys', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const [x, y] = [encode(a), encode(b)]
        expect(Math.sign(compare(a, b)) + 0).to.equal(x < y ? -1 : x > y ? 1 : 0)
      }),
      { numRuns: 3000 },
    )
  })

  it('sorts types as MongoDB does', () => {
    const ordered = [
      ...[new MinKey(), null, Number.NaN, Number.NEGATIVE_INFINITY, -1, 0, 1, 1.5, 2 ** 60, 'A', 'a', 'b'],
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
      ...[
        new ObjectId('0'.repeat(24)),
        false,
        true,
        new Date(-1),
        new Date(0),
        new Timestamp({ t: 1, i: 1 }),
      ],
      ...[new BSONRegExp('a', ''), new MaxKey()],
    ]
    for (const [i, item] of ordered.entries()) {
      for (const later of ordered.slice(i + 1))
        expect(compare(item, later), `${item} ${later}`).to.be.lessThan(0)
    }
  })
})
