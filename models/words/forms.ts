import { stem } from 'porter2'
import { withoutTone } from './emoji.ts'

const ENGLISH = /^[a-z]{3,64}$/
/** Smallest first character of an emoji that can have a skin tone. */
const FIRST_EMOJI = 0x261d

/** Words in the cache of stems. */
const MAX_CACHED = 20_000
const stems = new Map<string, string>()

/** Returns the stem of an English word, by the Porter2 algorithm; another word itself. */
export function stemOf(word: string): string {
  if (!ENGLISH.test(word)) return word
  const known = stems.get(word)
  if (known !== undefined) return known
  if (stems.size >= MAX_CACHED) stems.clear()
  const found = stem(word)
  stems.set(word, found)
  return found
}

/** Returns the parts of a word with a sign without the sign: `c++` is `c`, `1/2"` is `1` and `2`; null without a sign. */
export function bareParts(part: string): string[] | null {
  if (part.length < 2) return null
  if (part.endsWith('"')) return part.slice(0, -1).split('/')
  if (part.startsWith('.')) return [part.slice(1)]
  if (part.endsWith('#')) return [part.slice(0, -1)]
  if (part.endsWith('++')) return [part.slice(0, -2)]
  if (part.charCodeAt(0) < FIRST_EMOJI) return null
  const bare = withoutTone(part)
  return bare === part || bare === '' ? null : [bare]
}
