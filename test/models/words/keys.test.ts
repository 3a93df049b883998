import { expect } from 'chai'
import fc from 'fast-check'
import { wordKeysOf } from '../../../models/words/index-words.ts'
import { TIERS, tierOf } from '../../../models/words/match.ts'
import { parseQuery } from '../../../models/words/query.ts'
import { type AllOf, formKeys, wholeKeys } from '../../../models/words/query-keys.ts'

const FRAGMENTS = [
  ...[
    'oak',
    'Oak',
    'chairs',
    'chair',
    'Café',
    'cafe',
    'straße',
    'KiCad',
    'USB',
    'c',
    'C++',
    '.NET',
    'obj',
    'PCBs',
  ],
  ...[
    '12',
    '0538',
    'v',
    '1/2"',
    '½"',
    'ハン',
    'ダ',
    '京',
    'ข้าว',
    '의자',
    '🚀',
    '👍🏽',
    '\u0301',
    '\u200d',
    'صلح',
    'שלום',
  ],
  ...[' ', ' ', '-', '_', '.', "'", '’', '#', '++', '"', '“', '—', '/', '&', '\u00ad', 'ﬁ', '²'],
]
const text = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 9 }).map((parts) => parts.join(''))
const asset = fc.record({
  name: text,
  tags: fc.array(text, { maxLength: 2 }),
  fileNames: fc.array(text, { maxLength: 2 }),
  description: text,
})

const has = (keys: Set<string>, alternatives: AllOf[]) =>
  alternatives.some((groups) => groups.every((group) => group.some((key) => keys.has(key))))

describe('keys of words', () => {
  it('tierOf – random assets and searches that match whole or in other forms → the asset has the keys of the search', () => {
    fc.assert(
      fc.property(asset, text, (texts, q) => {
        const query = parseQuery(q)
        const keys = new Set(wordKeysOf(texts))
        const words = query.required.flatMap((term) => term.words.map((word) => ({ term, word })))
        const tier = tierOf(texts, query)
        if (tier !== null && tier >= TIERS.name && tier < TIERS.prefix)
          for (const { word } of words)
            expect(
              has(keys, wholeKeys(word, tier < TIERS.whole ? 'name' : 'word')),
              JSON.stringify(word),
            ).to.equal(true)
        const some = query.required.some((term) =>
          term.words.every((word) => has(keys, formKeys(word, term))),
        )
        if (tierOf(texts, query, { any: true }) !== null) expect(some, q).to.equal(true)
      }),
      { numRuns: 400 },
    )
  })

  it('wordKeysOf – word form with a sign → the word without the sign, and its stem', () => {
    const keys = wordKeysOf({ name: '', tags: ['chairs#'], fileNames: [], description: '' })
    expect(keys).to.include.members(['word:chairs#', 'stem:chairs', 'stem:chair'])
  })

  it('wordKeysOf – 1,200 different words → the first 1,000, at most 4,000 keys', () => {
    const words = Array.from({ length: 1200 }, (_, n) => `w${n}`)
    const keys = wordKeysOf({ name: 'a', tags: [], fileNames: [], description: words.join(' ') })
    expect(keys).to.include('word:w998').and.not.include('word:w999')
    const long = Array.from({ length: 1200 }, (_, n) => `a${n}b${n}c${n}d${n}e`).join(' ')
    expect(wordKeysOf({ name: long, tags: [], fileNames: [], description: '' }).length).to.be.below(4100)
  })
})
