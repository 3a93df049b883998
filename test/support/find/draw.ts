import fc from 'fast-check'
import { SORTS } from '../../../models/asset-search.ts'

/** Draws random assets and searches for comparisons with `FindModel`. */

const DAY = 86_400_000
const START = Date.UTC(2026, 0, 1)
const NOW = Date.now()

/** Few words, so that a beginning or a part of a word stands for less than 50 of them. */
const WORDS = [
  ...['oak', 'elm', 'birch', 'birches', 'birchwood', 'chair', 'chairs', 'armchair', 'Table', 'LAMP'],
  ...['Café', 'cafe', 'Straße', 'strasse', 'ångström', 'USB-C', 'usbc', 'C++', 'c', '.NET', 'net'],
  ...[
    'v2',
    '0538',
    'file2',
    'file10',
    'HTMLParser',
    'Schreibtischlampe',
    '木',
    '木椅子',
    'ハンダ',
    'パンダ',
    '🪑',
  ],
]
const TAGS = ['wood', 'metal', 'häuser', 'a:b', 'oak chair', 'c++', 'straße', '椅子', 'usb-c']
const FILES = [
  { name: 'a.GLB', mediaType: 'model/gltf-binary', sha256: 'a'.repeat(64) },
  { name: 'b.png', mediaType: 'image/png', sha256: 'b'.repeat(64) },
  { name: 'README', mediaType: 'text/plain', sha256: 'c'.repeat(64) },
  { name: 'oak_chair_v2.obj', mediaType: 'model/obj', sha256: 'd'.repeat(64) },
  { name: 'IMG_0538.HEIC', mediaType: 'image/heic', sha256: 'e'.repeat(64) },
]
const LICENSES = ['MIT', 'mit', 'CC0-1.0', 'my own']
const LOCKS = [
  { mode: null, until: null, legalHold: true },
  { mode: 'governance' as const, until: new Date(NOW + DAY), legalHold: false },
  // has run out
  { mode: 'governance' as const, until: new Date(NOW - DAY), legalHold: false },
]
/** Owners and collaborators. */
export const PEOPLE = ['user0', 'user1', 'user2', 'off'] as const

const some = <T>(values: readonly T[]) => fc.constantFrom(...values)
const day = fc
  .tuple(fc.integer({ min: -1, max: 6 }), fc.boolean())
  .map(([n, isBare]) => new Date(START + n * DAY).toISOString().slice(0, isBare ? 10 : undefined))
const time = fc.integer({ min: 0, max: 5 }).map((n) => new Date(START + n * DAY))

/** Names as people give them: `oak chair`, `Oak_Chair`, `OakChair`. */
const name = fc
  .tuple(fc.array(some(WORDS), { minLength: 1, maxLength: 3 }), some([' ', ' ', '_', '-', '']))
  .map(([words, between]) =>
    words.map((word) => (between ? word : word.charAt(0).toUpperCase() + word.slice(1))).join(between),
  )

export const drawnAsset = fc.record({
  name,
  description: fc.array(some(WORDS), { maxLength: 3 }).map((words) => words.join(' ')),
  tags: fc.subarray(TAGS, { maxLength: 4 }),
  type: some(['2D', '3D', 'other'] as const),
  media: some(['image', 'model', 'other'] as const),
  visibility: some(['public', 'private'] as const),
  size: some([0, 1, 7, 7, 1024]),
  downloads: fc.integer({ min: 0, max: 3 }),
  createdAt: time,
  updatedAt: time,
  owner: fc.nat(PEOPLE.length - 1),
  collaborators: fc.subarray([0, 1, 2, 3], { maxLength: 2 }),
  license: fc.option(some(LICENSES)),
  files: fc.subarray(FILES, { maxLength: 3 }),
  lock: fc.option(some(LOCKS), { freq: 2 }),
  /** Whether the asset is stored as by the former release, without keys. */
  isFormer: fc.boolean(),
  isDeleted: fc.nat(9).map((n) => n === 0),
})
export type DrawnAsset = typeof drawnAsset extends fc.Arbitrary<infer Asset> ? Asset : never

const word = some(WORDS)
/** A term of a search: a word, a beginning or a part of one, words together, a phrase. */
const term = fc.oneof(
  { weight: 4, arbitrary: word },
  {
    weight: 2,
    arbitrary: fc
      .tuple(word, fc.integer({ min: 1, max: 5 }))
      .map(([one, n]) => [...one].slice(0, n).join('')),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(word, fc.integer({ min: 1, max: 4 })).map(([one, n]) => [...one].slice(n).join('')),
  },
  { weight: 1, arbitrary: word.map((one) => one.toUpperCase()) },
  { weight: 1, arbitrary: fc.tuple(word, word, some(['-', '_', ''])).map(([a, b, sign]) => a + sign + b) },
  { weight: 2, arbitrary: fc.tuple(word, word).map(([a, b]) => `"${a} ${b}"`) },
  { weight: 1, arbitrary: name },
)
const q = fc
  .array(fc.tuple(term, fc.nat(3)), { minLength: 1, maxLength: 3 })
  .map((terms) => terms.map(([one, n], at) => (at > 0 && n === 0 ? `-${one}` : one)).join(' '))
  .filter((text) => text.trim() !== '')

const list = <T>(values: readonly T[], maxLength = values.length) =>
  fc.subarray([...values], { minLength: 1, maxLength })
const ALL_TAGS = [...TAGS, 'STRASSE', 'Wood', 'none']

const filters = {
  scope: some(['all', 'public', 'mine', 'shared']),
  type: list(['2D', '3D', 'other']),
  media: list(['image', 'model', 'video']),
  ext: list(['glb', 'PNG', 'txt', 'heic']),
  mediaType: list(['model/gltf-binary', 'image/PNG', 'a/b']),
  license: list(['Mit', 'CC0-1.0', 'none']),
  sha256: list([...FILES.map(({ sha256 }) => sha256), 'f'.repeat(64)]),
  tag: list(ALL_TAGS, 2),
  tagAny: list(ALL_TAGS, 3),
  tagNot: list(ALL_TAGS, 2),
  untagged: some(['0', '1']),
  locked: some(['0', '1']),
  owner: list([...PEOPLE, 'nobody']),
  visibility: list(['public', 'private']),
  minSize: some(['0', '1', '8']),
  maxSize: some(['0', '7', '1024']),
  createdAfter: day,
  createdBefore: day,
  updatedAfter: day,
  updatedBefore: day,
}
const sort = some(Object.keys(SORTS))

export type Query = Partial<Record<string, string | string[]>>

/** Few filters, so that most searches find something. */
const someFilters = fc
  .record(filters, { requiredKeys: [] })
  .chain((all) => fc.subarray(Object.entries(all), { maxLength: 2 }).map((few) => Object.fromEntries(few)))

const given = <T>(value: T | null, field: string) => (value === null ? {} : { [field]: value })

export const drawnQuery: fc.Arbitrary<Query> = fc
  .tuple(
    someFilters,
    fc.option(q, { freq: 3 }),
    fc.nat(5).map((n) => (n === 0 ? 'any' : null)),
    fc.option(sort, { freq: 2 }),
  )
  .map(([some, text, match, order]) => ({
    ...some,
    ...given(text, 'q'),
    ...(text === null ? {} : given(match, 'match')),
    ...given(order, 'sort'),
  }))

/**
 * A search without words, and without a tag that is stored with `ß` and searched with `SS`, because the previous release
 * compared both in another way.
 */
export const wordlessQuery: fc.Arbitrary<Query> = drawnQuery
  .map(({ q: _q, match: _match, ...others }) => others)
  .filter(({ tag, tagAny, tagNot }) => ![tag, tagAny, tagNot].flat().includes('STRASSE'))
