import type { QueryFilter } from 'mongoose'
import type { AssetFields } from './asset.ts'
import { withoutKeys } from './asset-filters.ts'
import { keyWord } from './words/index-words.ts'
import type { Query, QueryWord, Term } from './words/query.ts'
import { type AllOf, formKeys, insideLookups, prefixLookups, wholeKeys } from './words/query-keys.ts'

type Filter = QueryFilter<AssetFields>

/**
 * How much of an asset is searched, and how: the whole name, words of the name, whole words anywhere, and also the
 * beginnings of words, and also parts of words and word forms. Each contains the ones before.
 */
export const LEVELS = ['title', 'name', 'whole', 'prefix', 'inside'] as const
export type Level = (typeof LEVELS)[number]

/** Conditions that an asset satisfies together: it has all the keys, and matches the filters. */
export interface Conditions {
  all: string[]
  and: Filter[]
}

/** A key, or a pattern of keys where the words of the assets are not known. */
type Key = string | RegExp
type Alternative = Key[][]

/** Returns about how many assets have a key. */
export type Count = (key: string) => number

/** Returns the keys of the words that begin with a text, and of those that contain it. */
export interface Expander {
  beginning(prefix: string): Key[]
  containing(part: string): Key[]
}

/** Stands for words by patterns of their keys. Only for filters that an index without keys serves. */
export const PATTERNS: Expander = {
  beginning: (prefix) => [new RegExp(`^word:${escaped(prefix)}`)],
  containing: (part) => [new RegExp(`^word:.*${escaped(part)}`)],
}

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

/** Matches no asset. */
export const NOTHING: Filter = { _id: { $in: [] } }

/**
 * Returns conditions that every asset satisfies that matches all required words of a search on a level. Assets that satisfy
 * them match a search whose words have one part each; the sequence of several parts remains to be compared.
 *
 * @param options.count returns about how many assets have a key
 */
export function conditionsOf(
  { titles, required }: Query,
  level: Level,
  { expander, count }: { expander: Expander; count: Count },
): Conditions {
  if (level === 'title') return together([[titles.map(({ folded }) => [`title:${folded}`])]], count)
  return together(
    required.flatMap((term) => term.words.map((word) => alternativesOf(term, word, level, expander))),
    count,
  )
}

function alternativesOf(term: Term, word: QueryWord, level: Level, expander: Expander): Alternative[] {
  if (level === 'name') return wholeKeys(word, 'name')
  const whole: Alternative[] = wholeKeys(word, 'word')
  if (level === 'whole') return whole
  const isLast = word === term.words.at(-1)
  const beginnings = (isLast ? prefixLookups(term) : []).map(
    ({ before, prefix }): Alternative => [...before, expander.beginning(prefix)],
  )
  if (level === 'prefix') return [...whole, ...beginnings]
  const parts = insideLookups({ ...term, words: [word] })
  const forms = formKeys(word, term).map(
    (alternative: AllOf): Alternative =>
      alternative.map((group) => {
        const part = parts.find((one) => group.includes(`word:${keyWord(one)}`))
        return part ? [...group, ...expander.containing(part)] : group
      }),
  )
  return [...beginnings, ...forms]
}

/** Returns the conditions of lists of alternatives, one alternative of each. */
function together(lists: Alternative[][], count: Count): Conditions {
  const conditions: Conditions = { all: [], and: [] }
  for (const alternatives of lists) {
    const [group, ...others] = reduced(alternatives)
    if (others.length === 0 && group?.every(isSingle)) conditions.all.push(...group.flat().map(String))
    else if (others.length === 0 && group?.length === 1) conditions.and.push(filterOfAny([group]))
    else conditions.and.push(...selecting([alternatives], count), filterOfAny([group ?? [], ...others]))
  }
  return conditions
}

/**
 * Returns a condition on one list of keys that every asset satisfies that has one of the alternatives, so that an index
 * serves them together. Of each alternative the list has the keys of the fewest assets. Nothing where a pattern
 * stands for them.
 */
function selecting(lists: Alternative[][], count: Count): Filter[] {
  const alternatives = lists
    .flat()
    .filter((groups) => groups.length > 0 && groups.every((group) => group.length > 0))
  if (alternatives.length < 2) return []
  const keys = alternatives.map((groups) => {
    const known = groups.filter((group): group is string[] => group.every((key) => typeof key === 'string'))
    const counts = known.map((group) => group.reduce((sum, key) => sum + count(key), 0))
    return known[counts.indexOf(Math.min(...counts))]
  })
  if (keys.includes(undefined)) return []
  return [{ keys: { $in: [...new Set(keys.flatMap((group) => group ?? []))] } }]
}

const isSingle = (group: Key[]) => group.length === 1 && typeof group[0] === 'string'

/** Returns the alternatives that an asset can satisfy. Those of one key group each become one. */
function reduced(alternatives: Alternative[]): Alternative[] {
  const usable = alternatives.filter((groups) => groups.every((group) => group.length > 0))
  if (!usable.every((groups) => groups.length === 1)) return usable
  const keys = [...new Map(usable.flat(2).map((key) => [String(key), key])).values()]
  return keys.length > 0 ? [[keys]] : []
}

/** Returns the filter of assets that satisfy one of several alternatives. */
function filterOfAny(alternatives: Alternative[]): Filter {
  const filters = alternatives
    .filter((groups) => groups.length > 0)
    .map((groups) => allOf(groups.map(filterOfGroup)))
  return oneOf(filters)
}

function filterOfGroup(group: Key[]): Filter {
  const keys = group.filter((key) => typeof key === 'string')
  const patterns = group.filter((key) => key instanceof RegExp)
  const ofKeys = keys.length > 0 ? [{ keys: keys.length === 1 ? keys[0] : { $in: keys } } as Filter] : []
  return oneOf([...ofKeys, ...patterns.map((pattern): Filter => ({ keys: pattern }))])
}

const allOf = ([first, ...others]: Filter[]): Filter =>
  others.length === 0 ? (first ?? NOTHING) : { $and: [first ?? NOTHING, ...others] }

const oneOf = ([first, ...others]: Filter[]): Filter =>
  others.length === 0 ? (first ?? NOTHING) : { $or: [first ?? NOTHING, ...others] }

/** Returns conditions as one filter. */
export const asFilter = ({ all, and }: Conditions): Filter =>
  allOf([...(all.length > 0 ? [{ keys: { $all: all } }] : []), ...and])

/**
 * Returns conditions that every asset satisfies that matches one of the required words of a search, whole or in another
 * word form.
 *
 * @param isName in the name
 */
export function anyConditionsOf({ required }: Query, isName: boolean, count: Count): Conditions {
  const terms = required.map((term) =>
    together(
      term.words.map((word) => formKeys(word, term, { isName })),
      count,
    ),
  )
  const lists = required.map((term) =>
    term.words.length === 1 ? reduced(formKeys(term.words[0] as QueryWord, term, { isName })) : null,
  )
  const isFlat = lists.every((list) => list?.length === 1 && list[0]?.length === 1)
  if (isFlat) return { all: [], and: [filterOfGroup([...new Set(lists.flat(3))] as Key[])] }
  const selected = required.map((term) => formKeys(rarestOf(term.words, count), term, { isName }))
  return { all: [], and: [...selecting(selected, count), oneOf(terms.map(asFilter))] }
}

/** Returns the word of a term that the fewest assets have. */
const rarestOf = (words: QueryWord[], count: Count): QueryWord =>
  words.reduce((one, other) => (countOf(other, count) < countOf(one, count) ? other : one))

const countOf = ({ parts }: QueryWord, count: Count): number =>
  Math.min(...parts.map((part) => count(`word:${keyWord(part)}`)))

/** Returns whether the conditions of a search decide about a match alone, without its texts. */
export const isDecidedByKeys = ({ required, excluded }: Query): boolean =>
  [...required, ...excluded].every(
    ({ words: [word, ...others] }) =>
      others.length === 0 && word?.parts.length === 1 && word.joined === keyWord(word.joined),
  )

/** Returns the filter of assets without excluded words, of which each has one part. */
export function withoutExcluded({ excluded }: Query): Filter[] {
  const keys = excluded.flatMap(({ words }) => words.map(({ joined }) => `word:${keyWord(joined)}`))
  return keys.length > 0 ? [withoutKeys(keys)] : []
}

/**
 * Returns conditions that every match of whole words satisfies that has all of them in exact spelling, or that has not.
 * `later` are slow on some engines, and only for queries after the first.
 */
export function spellingConditions(query: Query, isExact: boolean): { first: Filter[]; later: Filter[] } {
  if (!isExact || !isDecidedByKeys(query)) return { first: [], later: [] }
  const words = query.required.flatMap(({ words: [word] }) => word ?? [])
  const accented = words.flatMap(({ exact: [exact = ''], joined }) =>
    exact === joined ? [] : [`exact:${keyWord(exact)}`],
  )
  const plain = words.flatMap(({ exact: [exact], joined }) => (exact === joined ? [`folded:${joined}`] : []))
  return {
    first: accented.length > 0 ? [{ keys: { $all: accented } }] : [],
    later: plain.length > 0 ? [withoutKeys(plain)] : [],
  }
}
