import { expect } from 'chai'
import fc from 'fast-check'
import { cleanName, emailKey, hasVisible } from '../../models/text.ts'

const ROWS: [what: string, name: string, cleaned: string][] = [
  ['right-to-left override', 'photo\u202egpj.exe', 'photogpj.exe'],
  ['isolates and marks', '\u2066oak\u2069\u200e\u200f\u061c', 'oak'],
  ['zero-width space, word joiner, soft hyphen', 'o\u200ba\u2060k\u00ad', 'oak'],
  ['Hangul fillers, tags, invisible operators', 'o\u3164a\u{e0041}k\u2063', 'oak'],
  ['decomposed accents, also after a soft hyphen', 'e\u0301 e\u00ad\u0301', 'é é'],
  ['outer blanks and line ends', '\r\n \u00a0oak chair\u3000\n', 'oak chair'],
  ['joiners between letters', 'می\u200cخواهم क्\u200dष', 'می\u200cخواهم क्\u200dष'],
  ['joiners elsewhere', '\u200doak\u200c \u200dchair\u200d', 'oak chair'],
  ['two joiners', 'a\u200d\u200db', 'ab'],
  ['joined emoji', '👩‍👩‍👧‍👦 ❤\ufe0f\u200d🔥 👩🏽\u200d🚀', '👩‍👩‍👧‍👦 ❤\ufe0f\u200d🔥 👩🏽\u200d🚀'],
  ['variation selectors of emoji', '☎\ufe0f 1\ufe0f\u20e3', '☎\ufe0f 1\ufe0f\u20e3'],
  ['variation selectors elsewhere', 'a\ufe0f1\ufe0f😀\ufe0f\ufe0f', 'a1😀\ufe0f'],
  ['only invisible characters', '\u200b\u202e \u115f\u200d\u115f', ''],
]

describe('cleanName', () => {
  for (const [what, name, cleaned] of ROWS)
    it(`cleanName – ${what} → ${JSON.stringify(cleaned)}`, () => expect(cleanName(name)).to.equal(cleaned))

  it('cleanName – any text, cleaned twice → same result, without bidi controls', () => {
    const unit = fc.oneof(
      fc.constantFrom(
        '\u200c',
        '\u200d',
        '\ufe0f',
        '\u00ad',
        '\u202e',
        ' ',
        'a',
        '👩',
        '🏽',
        '❤',
        '\u0301',
        '1',
        '\u20e3',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    )
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 30 }), (units) => {
        const name = cleanName(units.join(''))
        expect(cleanName(name)).to.equal(name)
        expect(name).to.not.match(/\p{Bidi_Control}/u)
      }),
    )
  })
})

describe('hasVisible', () => {
  for (const [name, expected] of [
    ['a', true],
    ['😀', true],
    ['!', true],
    ['', false],
    [' ', false],
    ['\u0301', false],
    ['\u2800', false],
  ] as const)
    it(`hasVisible – ${JSON.stringify(name)} → ${expected}`, () =>
      expect(hasVisible(name)).to.equal(expected))
})

/** Email addresses and their stored forms. */
const EMAILS: [email: string, stored: string][] = [
  ['Ada.Lovelace@Example.ORG', 'ada.lovelace@example.org'],
  // letters whose lower case is an ASCII letter, or another letter
  ['\u017fara@example.org', '\u017fara@example.org'],
  ['\u0130stanbul@example.org', '\u0130stanbul@example.org'],
  ['ZO\u00cb@example.org', 'zo\u00cb@example.org'],
  ['Zoe\u0308@example.org', 'zo\u00eb@example.org'],
  ['Ada@Ex\u00c4mple.org', 'ada@xn--exmple-cua.org'],
  ['ada@xn--Exmple-cua.org', 'ada@xn--exmple-cua.org'],
  ['"A@B"@Example.org', '"a@b"@example.org'],
  ['ADA', 'ada'],
]

describe('emailKey', () => {
  for (const [email, stored] of EMAILS)
    it(`emailKey – ${email} → ${stored}`, () => expect(emailKey(email)).to.equal(stored))

  it('emailKey – any text, twice → same result', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const once = emailKey(text)
        expect(emailKey(once)).to.equal(once)
      }),
      { numRuns: 300 },
    )
  })
})
