import { isUnspaced } from './characters.ts'
import { bareParts, stemOf } from './forms.ts'
import { splitWords, type Word } from './split.ts'
import { MAX_TITLE, titleOf } from './title.ts'

/** Most different words of an asset that searches find; in scripts without spaces, characters and pairs of them. */
const MAX_WORDS = 1000
/** Most keys of the words of an asset. Only words of very many parts or spellings reach it before `MAX_WORDS`. */
const MAX_KEYS = 4000
/** Most characters of a word that keys hold. */
const MAX_KEY_CHARACTERS = 64

/** The texts in which searches look for words. */
export interface AssetTexts {
  name: string
  tags: readonly string[]
  fileNames: readonly string[]
  license?: string | null | undefined
  description: string
}

/** Returns a word as keys hold it. */
export const keyWord = (word: string): string =>
  word.length > MAX_KEY_CHARACTERS ? word.slice(0, MAX_KEY_CHARACTERS) : word

const NUMBER = /^\p{N}+$/u
const WITHOUT_DIGITS = /^\P{N}+$/u

/**
 * Returns whether one of two parts in sequence is a number, and the other one is letters. Such parts have a key together: few
 * of the assets with `m` and `3` have `m3`.
 */
export const isMixed = (part: string, next: string): boolean =>
  ((NUMBER.test(part) && WITHOUT_DIGITS.test(next)) || (WITHOUT_DIGITS.test(part) && NUMBER.test(next))) &&
  !isUnspaced(part) &&
  !isUnspaced(next)

/**
 * Returns the keys by which words find an asset:
 *
 * - `word:` parts of words and their joined forms, characters and pairs of scripts without spaces
 * - `pair:` letters and a number in sequence, unless they are a `word:`
 * - `name:`, `name-pair:` those of the name
 * - `stem:` word forms that differ from the words of the asset: the stem, or the word without its sign, and its stem
 * - `name-stem:` those of the name
 * - `exact:` spellings with accents, `folded:` words that occur in such a spelling only
 * - `title:` the whole name
 */
export function wordKeysOf({ name, tags, fileNames, license, description }: AssetTexts): string[] {
  const keys = new KeySet()
  const title = titleOf(name)
  if (title.folded && title.folded.length <= MAX_TITLE) keys.add(`title:${title.folded}`)
  const texts = [name, ...tags, ...fileNames, license ?? '', description]
  texts.every((text, n) => splitEach(text, keys, n === 0))
  return keys.all()
}

/** Adds the words of a text. Returns whether there is room for more words. */
function splitEach(text: string, keys: KeySet, isName: boolean): boolean {
  let before = ''
  let last: string[] = []
  for (const word of splitWords(text)) {
    const { parts } = word
    for (const part of parts) {
      const isCharacter = isUnspaced(part)
      if (isCharacter && !keys.addCharacter(part, before, isName)) return false
      before = isCharacter ? part : ''
    }
    if (!keys.addWord(word, isName)) return false
    last = keys.addPairs(word, last, isName)
  }
  return true
}

class KeySet {
  readonly #keys = new Set<string>()
  /** The words that count. */
  readonly #words = new Set<string>()
  readonly #plain = new Set<string>()
  readonly #accented = new Set<string>()

  add(key: string): void {
    this.#keys.add(key)
  }

  all(): string[] {
    for (const folded of this.#accented) if (!this.#plain.has(folded)) this.add(`folded:${folded}`)
    return [...this.#keys]
  }

  /** Counts a word. Returns whether there is room for it. */
  #count(word: string): boolean {
    // one word can have any number of spellings
    if (this.#keys.size >= MAX_KEYS) return false
    if (this.#words.has(word)) return true
    if (this.#words.size >= MAX_WORDS) return false
    this.#words.add(word)
    return true
  }

  addCharacter(character: string, before: string, isName: boolean): boolean {
    for (const word of before ? [character, before + character] : [character]) {
      if (!this.#count(word)) return false
      this.#addKeys(word, word, isName)
    }
    return true
  }

  /** Adds the parts and joined forms of a word, without characters of scripts without spaces. */
  addWord({ parts, exact, joined, joins }: Word, isName: boolean): boolean {
    if (parts.every(isUnspaced)) return true
    if (!this.#count(joined)) return false
    parts.forEach((part, n) => {
      if (!isUnspaced(part)) this.#addKeys(part, exact[n] ?? part, isName)
    })
    for (const join of joins) this.#addKeys(join.folded, join.exact, isName)
    return true
  }

  /**
   * Adds the pairs of a word.
   *
   * @param last the forms at the end of the word before
   * @returns the forms at the end of this word
   */
  addPairs({ parts, joins }: Word, last: string[], isName: boolean): string[] {
    const begins = parts.map((part) => [part])
    const ends = parts.map((part) => [part])
    for (const { from, to, folded } of joins) {
      begins[from]?.push(folded)
      ends[to - 1]?.push(folded)
    }
    for (const [n, nexts] of begins.entries())
      for (const form of n === 0 ? last : (ends[n - 1] ?? []))
        for (const next of nexts) if (isMixed(form, next)) this.#addPair(keyWord(form + next), isName)
    return ends.at(-1) ?? []
  }

  #addPair(pair: string, isName: boolean): void {
    if (!this.#keys.has(`word:${pair}`)) this.add(`pair:${pair}`)
    if (isName && !this.#keys.has(`name:${pair}`)) this.add(`name-pair:${pair}`)
  }

  #addKeys(folded: string, exact: string, isName: boolean): void {
    const word = keyWord(folded)
    this.add(`word:${word}`)
    if (isName) this.add(`name:${word}`)
    const forms = bareParts(folded)?.flatMap((bare) => [bare, stemOf(bare)]) ?? [stemOf(folded)]
    for (const form of new Set(forms)) {
      if (form === folded) continue
      this.add(`stem:${form}`)
      if (isName) this.add(`name-stem:${form}`)
    }
    if (exact === folded) this.#plain.add(word)
    else {
      this.#accented.add(word)
      this.add(`exact:${keyWord(exact)}`)
    }
  }
}
