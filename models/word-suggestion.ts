import { distance } from 'fastest-levenshtein'
import { type KnownWord, Term } from './term.ts'
import { pageByTier } from './word-pages.ts'
import { WordSearch } from './word-search.ts'
import type { WordRequest } from './word-stream.ts'
import { keyWord } from './words/index-words.ts'
import { faultOfQuery } from './words/query.ts'

/** Most letters by which a suggested word differs, by the length of the searched word. */
const maxDistance = (word: string) => (word.length < 5 ? 1 : 2)
/** A swap of two letters is one mistake. */
const SWAPPED = 1
/** Most words of a search that are corrected together. */
const MAX_CORRECTED = 3
/** Most spellings that are tried. */
const MAX_TRIED = 3
/** Only words of letters are corrected. */
const LETTERS = /^[\p{L}\p{M}]{3,}$/u

/** A word of the search text that no asset has, and the words that are similar, the most similar first. */
interface Correction {
  exact: string
  similar: KnownWord[]
}

/**
 * Returns the search text with the nearest spelling that finds something; null if there is none. A spelling is returned
 * only after a search by the same viewer has found an asset by it.
 */
export async function nearestSpelling(request: WordRequest): Promise<string | null> {
  const { words, criteria, viewer } = request
  const { q = '', scope } = criteria
  const unknown = unknownParts(words)
  if (unknown.length === 0 || unknown.length > MAX_CORRECTED) return null
  const corrections = await Promise.all(
    unknown.map(
      async ([part, exact]): Promise<Correction> => ({
        exact,
        similar: nearest(await Term.similar(words.audiences, part), part),
      }),
    ),
  )
  for (const text of texts(q, corrections)) {
    const found = await pageByTier(
      { ...request, any: false, words: await WordSearch.of({ q: text, scope, viewer }) },
      { limit: 1, after: undefined },
    )
    // an even tier: the asset has the words in this spelling
    if (found.some(({ end: [{ tier }] }) => tier !== null && tier % 2 === 0)) return text
  }
  return null
}

function unknownParts({ query, known }: WordSearch): [part: string, exact: string][] {
  const parts = query.required.flatMap(({ words }) =>
    words.flatMap(({ parts, exact }) => parts.map((part, n): [string, string] => [part, exact[n] ?? part])),
  )
  return parts.filter(([part]) => LETTERS.test(part) && !known.has(keyWord(part)))
}

function nearest(known: KnownWord[], part: string): KnownWord[] {
  const most = maxDistance(part)
  return known
    .map((one) => ({ one, far: isSwapped(one.word, part) ? SWAPPED : distance(one.word, part) }))
    .filter(({ one, far }) => far > 0 && far <= most && LETTERS.test(one.word))
    .sort((a, b) => a.far - b.far || b.one.count - a.one.count)
    .map(({ one }) => one)
}

/** Returns whether two words differ by two neighboring letters in the other order. */
function isSwapped(one: string, other: string): boolean {
  const [letters, others] = [[...one], [...other]]
  const at = letters.findIndex((letter, n) => letter !== others[n])
  const [first, second] = letters.slice(at, at + 2)
  if (at < 0 || first !== others[at + 1] || second !== others[at]) return false
  return letters.slice(at + 2).join('') === others.slice(at + 2).join('')
}

/** Returns the search texts to try, the nearest first. */
function texts(q: string, corrections: Correction[]): string[] {
  const spellings = corrections.map(({ similar }) =>
    similar.flatMap(({ word, spellings }) => (spellings?.length ? spellings : [word])),
  )
  if (spellings.some((some) => some.length === 0)) return []
  const tried = Array.from({ length: MAX_TRIED }, (_, n) =>
    corrections.reduce<string | null>((text, { exact }, i) => {
      const some = spellings[i] ?? []
      return text && replaced(text, exact, some[Math.min(n, some.length - 1)] ?? exact)
    }, q),
  )
  return [...new Set(tried)].flatMap((text) => (text !== null && faultOfQuery(text) === null ? [text] : []))
}

/** Returns a text in which another word replaces a word; null if the text writes the word in another way. */
function replaced(text: string, word: string, other: string): string | null {
  const lower = text.toLowerCase()
  const at = lower.indexOf(word)
  if (at < 0) return null
  const base = lower.length === text.length ? text : lower
  return base.slice(0, at) + other + base.slice(at + word.length)
}
