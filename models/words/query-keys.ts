import { isUnspaced } from './characters.ts'
import { stemOf } from './forms.ts'
import { keyWord } from './index-words.ts'
import { matchesInside } from './match.ts'
import type { QueryWord, Term } from './query.ts'

/** Keys of which an asset has at least one. */
export type AnyOf = string[]
/** Groups of keys that an asset has all of. */
export type AllOf = AnyOf[]

/**
 * Returns the alternatives by which assets can match a word whole. Every asset that matches has all keys of an
 * alternative; the sequence of the parts remains to be compared.
 *
 * @param field `name` for words of the name only
 */
export function wholeKeys({ parts, joined }: QueryWord, field: 'word' | 'name'): AllOf[] {
  const sequence = keyParts(parts).map((part) => [`${field}:${keyWord(part)}`])
  return parts.length > 1 && !parts.every(isUnspaced)
    ? [sequence, [[`${field}:${keyWord(joined)}`]]]
    : [sequence]
}

/** Returns the alternatives by which assets can match a word whole or in another word form. */
export function formKeys(word: QueryWord, { isPhrase }: Pick<Term, 'isPhrase'>, isName = false): AllOf[] {
  const [field, stemField] = isName ? ['name', 'name-stem'] : ['word', 'stem']
  const formsOf = (part: string) => {
    const stem = isPhrase ? part : stemOf(part)
    return [...new Set([part, stem])].flatMap((form) => [
      `${field}:${keyWord(form)}`,
      `${stemField}:${keyWord(form)}`,
    ])
  }
  const { parts, joined } = word
  const sequence = keyParts(parts).map((part) => (isUnspaced(part) ? [`${field}:${part}`] : formsOf(part)))
  return parts.length > 1 && !parts.every(isUnspaced) ? [sequence, [formsOf(joined)]] : [sequence]
}

/** A lookup of the words that begin with a text. */
export interface PrefixLookup {
  /** Keys of the parts before. */
  before: AllOf
  prefix: string
}

/** Returns the lookups for the open word of a search; empty if it has no last word that is open. */
export function prefixLookups({ isOpen, words }: Term): PrefixLookup[] {
  const word = isOpen ? words.at(-1) : undefined
  const last = word?.parts.at(-1)
  if (!word || !last || isUnspaced(last)) return []
  const before = keyParts(word.parts.slice(0, -1)).map((part) => [`word:${keyWord(part)}`])
  const whole = { before: [], prefix: word.joined }
  return word.parts.length === 1 ? [whole] : [{ before, prefix: last }, whole]
}

/** Returns the parts of a term that also match inside words. */
export const insideLookups = ({ isPhrase, words }: Term): string[] =>
  isPhrase ? [] : words.flatMap(({ parts }) => parts.filter(matchesInside))

/** Returns parts as keys hold them: consecutive characters of scripts without spaces as pairs. */
function keyParts(parts: string[]): string[] {
  return parts.flatMap((part, n) => {
    if (!isUnspaced(part)) return [part]
    const next = parts[n + 1]
    if (next !== undefined && isUnspaced(next)) return [part + next]
    const before = parts[n - 1]
    return before !== undefined && isUnspaced(before) ? [] : [part]
  })
}
