import { validationFailed } from '../../app/errors.ts'
import { type Join, plainText, splitWords, type Word } from './split.ts'
import { type Title, titleOf } from './title.ts'

/** Most characters of a search text. */
export const MAX_QUERY_CHARACTERS = 500
/** Most words of a search text. */
const MAX_QUERY_WORDS = 16

/** Parts of a word in sequence, folded, and in exact spelling. */
export interface Parts {
  parts: string[]
  exact: string[]
}

/** A word of a search. */
export interface QueryWord extends Parts {
  /** The parts together; equal to the only part of a word with one part. */
  joined: string
  /** The parts, and with more and more of them joined: `Ki|Cad|symbols`, `KiCad|symbols`, `KiCadsymbols`. */
  variants: Parts[]
}

/** A word, or the words of a phrase in sequence. */
export interface Term {
  words: QueryWord[]
  isPhrase: boolean
  /** Whether the last word also matches as a prefix. */
  isOpen: boolean
}

/** A parsed search text. Without a required term it finds nothing. */
export interface Query {
  /** The search text as a name, with and without quotation marks. */
  titles: Title[]
  required: Term[]
  excluded: Term[]
}

interface Segment {
  text: string
  isExcluded: boolean
  isPhrase: boolean
  /** Whether the phrase has no closing quotation mark. */
  isUnclosed: boolean
}

/** Returns what is wrong with a search text; null if it can be parsed. */
export function faultOfQuery(q: string): string | null {
  if ([...q].length > MAX_QUERY_CHARACTERS) return `must have at most ${MAX_QUERY_CHARACTERS} characters`
  return splitWords(q).length > MAX_QUERY_WORDS ? `must have at most ${MAX_QUERY_WORDS} words` : null
}

/**
 * Parses a search text.
 *
 * @throws validation_failed for a text that is too long
 */
export function parseQuery(q: string): Query {
  const message = faultOfQuery(q)
  if (message) throw validationFailed([{ field: 'q', message }])
  const required: Term[] = []
  const excluded: Term[] = []
  let last: { term: Term; segment: Segment } | undefined
  for (const segment of segmentsOf(plainText(q))) {
    const words = splitWords(segment.text).map(queryWord)
    if (words.length === 0) continue
    const term = { words, isPhrase: segment.isPhrase, isOpen: false }
    last = { term, segment }
    const list = segment.isExcluded ? excluded : required
    list.push(term)
  }
  if (last && !last.segment.isExcluded && (!last.segment.isPhrase || last.segment.isUnclosed))
    last.term.isOpen = isLongEnough(last.term.words.at(-1))
  return { titles: titlesOf(q, excluded.length > 0), required, excluded }
}

function queryWord(word: Word): QueryWord {
  const { parts, exact, joined, joins } = word
  const levels = [...new Set(joins.map(({ level }) => level))].filter((level) => level > 0)
  return {
    parts,
    exact,
    joined,
    variants: [{ parts, exact }, ...levels.map((level) => joinedParts(word, level))],
  }
}

/** Returns the parts of a word, joined where a joined form of at most this level is. */
function joinedParts({ parts, exact, joins }: Word, level: number): Parts {
  const longest = new Map<number, Join>()
  for (const join of joins) if (join.level <= level) longest.set(join.from, join)
  const joined: Parts = { parts: [], exact: [] }
  for (let at = 0; at < parts.length; ) {
    const join = longest.get(at)
    const isJoin = join !== undefined && join.level > 0
    joined.parts.push((isJoin ? join.folded : parts[at]) ?? '')
    joined.exact.push((isJoin ? join.exact : exact[at]) ?? '')
    at = isJoin ? join.to : at + 1
  }
  return joined
}

const isLongEnough = (word: QueryWord | undefined): boolean => [...(word?.joined ?? '')].length >= 2

function titlesOf(q: string, hasExcluded: boolean): Title[] {
  const title = titleOf(q)
  const bare = hasExcluded ? title : titleOf(q.replaceAll('"', ' '))
  return bare.folded === title.folded ? [title] : [title, bare]
}

const FRACTION_BEFORE = /\d\/\d+$/
const BLANK = /\s/u
const WORD_CHARACTER = /[\p{L}\p{M}\p{N}]/u

/** Divides a search text at blanks and phrases. A quotation mark inside a word, or after a fraction, begins no phrase. */
function segmentsOf(text: string): Segment[] {
  const segments: Segment[] = []
  let at = 0
  while (at < text.length) {
    if (BLANK.test(text[at] ?? '')) {
      at++
      continue
    }
    const isExcluded = text[at] === '-'
    if (isExcluded) at++
    const isPhrase = text[at] === '"'
    const start = isPhrase ? at + 1 : at
    const end = isPhrase ? endOfPhrase(text, start) : endOfWord(text, start)
    segments.push({
      text: text.slice(start, end),
      isExcluded,
      isPhrase,
      isUnclosed: isPhrase && end >= text.length,
    })
    at = isPhrase ? end + 1 : end
  }
  return segments
}

function endOfWord(text: string, start: number): number {
  let end = start
  while (end < text.length && !BLANK.test(text[end] ?? '')) end++
  return end
}

/** Returns where the closing quotation mark of a phrase is, or the length of the text. */
function endOfPhrase(text: string, start: number): number {
  for (let end = text.indexOf('"', start); end >= 0; end = text.indexOf('"', end + 1)) {
    const isInWord = WORD_CHARACTER.test(text[end + 1] ?? '') && WORD_CHARACTER.test(text[end - 1] ?? '')
    const isInches = FRACTION_BEFORE.test(text.slice(start, end)) && text.includes('"', end + 1)
    if (!isInWord && !isInches) return end
  }
  return text.length
}
