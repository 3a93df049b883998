import { isUnspaced } from './characters.ts'
import { stemOf } from './forms.ts'
import { isMixed, keyWord } from './index-words.ts'
import { type Expansions, matchesInside } from './match.ts'
import type { QueryWord, Term } from './query.ts'

/** Keys of which an asset has at least one. */
type AnyOf = string[]
/** Groups of keys that an asset has all of. */
export type AllOf = AnyOf[]

/**
 * Returns the alternatives by which assets can match a word whole. Every asset that matches has all keys of an
 * alternative; the sequence of the parts remains to be compared.
 *
 * @param field `name` for words of the name only
 */
export function wholeKeys({ variants }: QueryWord, field: 'word' | 'name'): AllOf[] {
  const [word, pair] = field === 'name' ? ['name', 'name-pair'] : ['word', 'pair']
  return variants.map(({ parts }) => {
    const seconds = [...parts.keys()].filter((n) => n > 0 && isMixed(parts[n - 1] ?? '', parts[n] ?? ''))
    const paired = new Set(seconds.flatMap((n) => [n - 1, n]))
    return [
      ...seconds.map((n) => {
        const joined = keyWord(`${parts[n - 1]}${parts[n]}`)
        return [`${word}:${joined}`, `${pair}:${joined}`]
      }),
      ...keyParts(parts, paired).map((part) => [`${word}:${keyWord(part)}`]),
    ]
  })
}

/**
 * Returns the alternatives by which assets can match a word whole, in another word form, or inside words.
 *
 * @param insides the words of the index that hold a part of the search
 */
export function formKeys(
  { variants }: QueryWord,
  { isPhrase }: Pick<Term, 'isPhrase'>,
  { isName = false, insides }: { isName?: boolean; insides?: Expansions['insides'] } = {},
): AllOf[] {
  const [field, stemField] = isName ? ['name', 'name-stem'] : ['word', 'stem']
  const keysOf = (part: string) => {
    const stem = isPhrase ? part : stemOf(part)
    const forms = [...new Set([part, stem])].map(keyWord)
    const words = [...forms, ...(insides?.get(part) ?? [])]
    return [...words.map((word) => `${field}:${word}`), ...forms.map((form) => `${stemField}:${form}`)]
  }
  return variants.map(({ parts }) =>
    keyParts(parts).map((part) => (isUnspaced(part) ? [`${field}:${part}`] : keysOf(part))),
  )
}

/** A lookup of the words that begin with a text. */
interface PrefixLookup {
  /** Keys of the parts before. */
  before: AllOf
  prefix: string
}

/** Returns the lookups for the open word of a search; empty if it has no last word that is open. */
export function prefixLookups({ isOpen, words }: Term): PrefixLookup[] {
  const word = isOpen ? words.at(-1) : undefined
  return (word?.variants ?? []).flatMap(({ parts }) => {
    const prefix = parts.at(-1)
    if (prefix === undefined || isUnspaced(prefix)) return []
    return [{ before: keyParts(parts.slice(0, -1)).map((part) => [`word:${keyWord(part)}`]), prefix }]
  })
}

/** Returns the parts of a term that also match inside words. */
export const insideLookups = ({ isPhrase, words }: Term): string[] =>
  isPhrase
    ? []
    : [
        ...new Set(
          words.flatMap(({ variants }) => variants.flatMap(({ parts }) => parts.filter(matchesInside))),
        ),
      ]

/**
 * Returns parts as keys hold them: consecutive characters of scripts without spaces as pairs.
 *
 * @param without positions of parts that are left out
 */
function keyParts(parts: string[], without?: ReadonlySet<number>): string[] {
  return parts.flatMap((part, n) => {
    if (!isUnspaced(part)) return without?.has(n) ? [] : [part]
    const next = parts[n + 1]
    if (next !== undefined && isUnspaced(next)) return [part + next]
    const before = parts[n - 1]
    return before !== undefined && isUnspaced(before) ? [] : [part]
  })
}
