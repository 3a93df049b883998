import { expect } from 'chai'
import fc from 'fast-check'
import { byName, nameKeyOf } from '../../models/name-key.ts'

/** Compares two keys as databases do: by their bytes. */
const compare = (one: string, other: string) =>
  Buffer.compare(Buffer.from(nameKeyOf(one)), Buffer.from(nameKeyOf(other)))

const NINES = '9'.repeat(250)

describe('nameKeyOf', () => {
  const ORDERS: [what: string, names: string[]][] = [
    ['digits by value', ['file', 'file1', 'file2', 'file10', 'file10b', 'file11', 'file100', 'files']],
    ['several numbers', ['v1.2.9', 'v1.2.10', 'v1.10.1', 'v2.0', 'v10']],
    ['zero', ['a0', 'a00', 'a1', 'a01', 'a001', 'a2']],
    ['very long numbers', [`x${NINES.slice(1)}`, `x${NINES}`, `x1${'0'.repeat(250)}`, 'xa']],
    ['numbers of 9, 10, 99 and 100 digits', [9, 10, 99, 100].map((length) => `n${'1'.repeat(length)}`)],
    ['digits of other scripts', ['قطعة ٢', 'قطعة 3', 'قطعة ١٠']],
    ['Devanagari digits', ['भाग ९', 'भाग १०', 'भाग ११']],
    [
      'rows of digits that follow each other',
      ['a\u{116d9}', 'a\u{116da}\u{116db}\u{116da}'].map((name) => `${name}b`),
    ],
    ['full-width digits', ['file２', 'file10']],
    ['accents', ['Armel', 'Ärmel', 'Armelo', 'Arzt']],
    ['accents after letters', ['cote', 'coté', 'côte', 'coter']],
    ['case last', ['apple', 'Apple', 'APPLE', 'äpple', 'Äpple', 'apples', 'apricot']],
    ['case is less than digits', ['Part1', 'part2', 'Part3', 'part10']],
    ['letters that do not decompose', ['Strasse', 'Straße', 'Strassen']],
    ['Scandinavian letters', ['aero', 'ærø', 'oslo', 'øslo', 'ot']],
    ['Polish letters', ['lodz', 'łódź', 'lom']],
    ['kana', ['かき', 'がき', 'かく']],
    ['scripts', ['9', 'z', 'ω', 'я', 'ב', 'ب', 'ก', 'あ', '漢', '가']],
    ['Greek', ['αλφα', 'άλφα', 'ΆΛΦΑ', 'βητα']],
    ['signs before digits, digits before letters', [' a', '_a', '-a', '(a)', '~a', '€a', '1a', 'aa']],
    ['a prefix first', ['', 'a', 'a b', 'a-b', 'a1', 'ab']],
    ['an extension', ['IMG_9.jpg', 'IMG_10.jpg', 'IMG_10.png', 'IMG_010a.jpg']],
    ['emoji', ['😀', '🙃', 'a']],
  ]
  for (const [what, names] of ORDERS)
    it(`nameKeyOf – ${what} → ${names.map((name) => name.slice(0, 12)).join(' < ')}`, () => {
      for (const [i, one] of names.entries())
        for (const other of names.slice(i + 1)) expect(compare(one, other), `${one} < ${other}`).to.equal(-1)
    })

  const EQUAL: [string, string][] = [
    ['cafe\u0301', 'café'],
    ['Å', 'Å'],
    ['file２', 'file2'],
  ]
  for (const [one, other] of EQUAL)
    it(`nameKeyOf – ${one} and ${other} → the same key`, () => {
      expect(nameKeyOf(one)).to.equal(nameKeyOf(other))
    })

  it('nameKeyOf – the longest names → at most 2,400 bytes, valid UTF-8', () => {
    for (const unit of ['a', 'Ä', '9', '😀', '漢', '\u{1d7d8}', 'ﷺ', 'ß', 'ḉ', '\u0000', 'क्षि'])
      for (const length of [200, 5000]) {
        const key = nameKeyOf(unit.repeat(length))
        expect(Buffer.byteLength(key), unit).to.be.at.most(2400)
        expect(key, unit).not.to.match(/\p{Cs}/u)
      }
  })

  const word = fc
    .array(fc.oneof(fc.constantFrom(...'aAbBzZäÄöéÉèñçüß _-.()+#~$'), fc.nat(1e6).map(String)), {
      maxLength: 6,
    })
    // two numbers in a row could begin with a zero
    .map((parts) => parts.join('').replace(/(?<!\d)0+(?=\d)/g, ''))
  const beginning = fc
    .array(fc.constantFrom(...'aÄß漢👍🏽9 .ก\u0300\u0000'), { maxLength: 20 })
    .map((units) => units.join(''))
  const collator = new Intl.Collator('en', { numeric: true })

  it('nameKeyOf – random names → the order of the Unicode Collation Algorithm', () => {
    fc.assert(
      fc.property(word, word, (one, other) => {
        expect(Math.sign(compare(one, other))).to.equal(Math.sign(collator.compare(one, other)))
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 3000) },
    )
  })

  it('nameKeyOf – random beginnings, then numbers → the order of the numbers', () => {
    fc.assert(
      fc.property(beginning, fc.nat(1e9), fc.nat(1e9), (name, one, other) => {
        expect(Math.sign(compare(`${name}x${one}`, `${name}x${other}`))).to.equal(Math.sign(one - other))
      }),
      { numRuns: 50 },
    )
  })
})

describe('byName', () => {
  it('byName – files with numbers, equal keys → by key, then by name', () => {
    const names = ['b10', 'b２', 'b2', 'B2', 'a']
    expect(byName(names.map((name) => ({ name }))).map(({ name }) => name)).to.deep.equal([
      ...['a', 'b2', 'b２', 'B2', 'b10'],
    ])
  })
})
