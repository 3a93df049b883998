import { foldText } from './words/fold.ts'
import { keyWord } from './words/index-words.ts'

/** Letters of a part of a word by which words are compared. */
const GRAM = 3
/** Most parts that are stored of a word, and that are looked up for a text. */
const MAX_GRAMS = 64
/** Marks the beginning of a word. No word contains it. */
const BEGIN = '^'
/** Marks the end of a word. No word contains it. */
const END = '$'
const LETTERS = /^[\p{L}\p{M}]+$/u
const GRAM_OF_LETTERS = /^\^?[\p{L}\p{M}]+\$?$/u

/**
 * Returns the parts of three letters of a text, each once. Only texts of letters are searched inside words, so a part with
 * a digit or a sign is none.
 */
export function innerGramsOf(text: string): string[] {
  const letters = [...text]
  const grams = letters.slice(0, 1 - GRAM || undefined).map((_, n) => letters.slice(n, n + GRAM))
  const whole = grams.filter(({ length }) => length === GRAM).map((gram) => gram.join(''))
  return [...new Set(whole.filter((gram) => GRAM_OF_LETTERS.test(gram)))].slice(0, MAX_GRAMS)
}

/**
 * Returns the parts of a word. A word of letters has those at its beginning and its end too, by which a misspelled word is
 * compared with it.
 */
export function gramsOf(word: string): string[] {
  return innerGramsOf(LETTERS.test(word) ? BEGIN + word + END : word)
}

const WORD = 'word:'
const EXACT = 'exact:'
/** Marks a word that an asset has only in spellings with accents. */
const FOLDED = 'folded:'

/** Returns the words among the keys of an asset, each with its spellings in the asset. */
export function termsOfKeys(keys: readonly string[]): Map<string, string[]> {
  const all = new Set(keys)
  const terms = new Map<string, string[]>()
  for (const key of keys)
    if (key.startsWith(WORD)) {
      const word = key.slice(WORD.length)
      terms.set(word, all.has(FOLDED + word) ? [] : [word])
    }
  for (const key of keys)
    if (key.startsWith(EXACT)) {
      const spelling = key.slice(EXACT.length)
      terms.get(keyWord(foldText(spelling)))?.push(spelling)
    }
  return terms
}
