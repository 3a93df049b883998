import { bareParts, stemOf } from './forms.ts'
import type { AssetTexts } from './index-words.ts'
import type { Query, QueryWord, Term } from './query.ts'
import { type Join, splitWords } from './split.ts'
import { titleOf } from './title.ts'

/** How well an asset matches; a smaller number comes first. An odd number is a folded spelling of the one before. */
export type Tier = number

/** The tiers of a search for all words, in exact spelling. */
export const TIERS = { title: 0, name: 2, whole: 4, prefix: 6, inside: 8 } as const
/** The tiers of a search for any word. */
export const ANY_TIERS = { name: 0, anywhere: 1 } as const

/** Words of the index that stand for the open word of a search, and for words inside others. */
export interface Expansions {
  prefixes: ReadonlySet<string>
  /** By the part of the search. */
  insides: ReadonlyMap<string, ReadonlySet<string>>
}

export interface MatchOptions {
  /** Without it, every prefix and every inside matches. */
  expansions?: Expansions | undefined
  any?: boolean
}

const WHOLE = 0
const PREFIX = 1
const INSIDE = 2
const LEVELS = [WHOLE, PREFIX, INSIDE] as const
type Level = (typeof LEVELS)[number]

/** Fewest letters of a word that matches inside other words. */
export const MIN_INSIDE = 4
const LETTERS = /^[\p{L}\p{M}]+$/u

/** Returns whether a part of a search also matches inside words. */
export const matchesInside = (part: string): boolean => part.length >= MIN_INSIDE && LETTERS.test(part)

/** One text, with the joined forms of its words by their first position. */
class Text {
  readonly folded: string[] = []
  readonly exact: string[] = []
  /** Whether the part stands for a word with a sign. */
  readonly isBare: boolean[] = []
  readonly joins = new Map<number, Join[]>()

  constructor(text: string) {
    for (const { parts, exact, joins } of splitWords(text)) {
      const positions: number[] = []
      parts.forEach((part, n) => {
        positions.push(this.folded.length)
        const from = this.folded.length
        const bare = bareParts(part)
        for (const one of bare ?? [part]) {
          this.folded.push(one)
          this.exact.push(bare ? one : (exact[n] ?? part))
          this.isBare.push(bare !== null)
        }
        if (bare) this.#addJoin({ from, to: this.folded.length, folded: part, exact: exact[n] ?? part })
      })
      positions.push(this.folded.length)
      for (const join of joins)
        this.#addJoin({ ...join, from: positions[join.from] ?? 0, to: positions[join.to] ?? 0 })
    }
  }

  #addJoin(join: Join): void {
    const known = this.joins.get(join.from)
    if (known) known.push(join)
    else this.joins.set(join.from, [join])
  }
}

type Test = (folded: string, exact: string, isBare: boolean) => boolean

/** Returns the positions after the part or joined form at a position that passes the test. */
function stepsFrom(text: Text, from: number, test: Test): number[] {
  const folded = text.folded[from]
  if (folded === undefined) return []
  const ends = test(folded, text.exact[from] ?? folded, text.isBare[from] ?? false) ? [from + 1] : []
  for (const join of text.joins.get(from) ?? []) if (test(join.folded, join.exact, false)) ends.push(join.to)
  return ends
}

interface Rule {
  level: Level
  isExact: boolean
  isWithoutInsides?: boolean
  expansions?: Expansions | undefined
}

/** Returns the test of a part of a search, or of its joined form. */
function testOf(part: string, spelling: string, rule: Rule, isLast: boolean, term: Term): Test {
  const { level, isExact, expansions } = rule
  if (level === PREFIX && isLast) {
    const isAllowed = (word: string) => !expansions || expansions.prefixes.has(word)
    return (folded, exact, isBare) =>
      !isBare && folded.startsWith(part) && (!isExact || exact.startsWith(spelling)) && isAllowed(folded)
  }
  if (level !== INSIDE)
    return (folded, exact, isBare) => !isBare && folded === part && (!isExact || exact === spelling)
  const stem = stemOf(part)
  const insides = expansions?.insides.get(part)
  const isInside = !rule.isWithoutInsides && matchesInside(part)
  return (folded, exact) => {
    if (isExact && !exact.includes(spelling) && (spelling !== part || exact !== folded)) return false
    if (folded === part) return true
    if (term.isPhrase) return false
    if (folded === stem || stemOf(folded) === stem) return true
    return isInside && folded.includes(part) && (!insides || insides.has(folded))
  }
}

/** Returns the positions after a word of a search that matches at a position. */
function endsOf(
  text: Text,
  from: number,
  word: QueryWord,
  rule: Rule,
  isLast: boolean,
  term: Term,
): number[] {
  const { parts, exact, joined, joinedExact } = word
  let states = [from]
  parts.forEach((part, n) => {
    const test = testOf(part, exact[n] ?? part, rule, isLast && n === parts.length - 1, term)
    states = states.flatMap((state) => stepsFrom(text, state, test))
  })
  if (parts.length > 1) {
    const test = testOf(joined, joinedExact, rule, isLast, term)
    states.push(...stepsFrom(text, from, test))
  }
  return states
}

/** Returns whether a term matches a text. */
function isIn(text: Text, term: Term, rule: Rule): boolean {
  if (rule.level === PREFIX && !term.isOpen) return false
  for (let from = 0; from < text.folded.length; from++) {
    let states = [from]
    term.words.forEach((word, n) => {
      const isLast = n === term.words.length - 1
      states = states.flatMap((state) => endsOf(text, state, word, rule, isLast, term))
    })
    if (states.length > 0) return true
  }
  return false
}

/**
 * Returns how well an asset matches a search; null if it does not match.
 *
 * @param options `any`: one required term is enough, whole or in another word form
 */
export function tierOf(asset: AssetTexts, query: Query, { expansions, any }: MatchOptions = {}): Tier | null {
  if (query.required.length === 0) return null
  const name = new Text(asset.name)
  const others = [...asset.tags, ...asset.fileNames, asset.license ?? '', asset.description]
    .filter((text) => text !== '')
    .map((text) => new Text(text))
  const texts = [name, ...others]
  const whole = { level: WHOLE, isExact: false } as const
  if (query.excluded.some((term) => texts.some((text) => isIn(text, term, whole)))) return null
  if (any) return anyTierOf(texts, query)
  return titleTier(asset.name, query) ?? nameTier(name, query) ?? tierAnywhere(texts, query, expansions)
}

function titleTier(name: string, { titles }: Query): Tier | null {
  const title = titleOf(name)
  if (!titles.some(({ folded }) => folded === title.folded)) return null
  return TIERS.title + (titles.some(({ exact }) => exact === title.exact) ? 0 : 1)
}

function nameTier(name: Text, { required }: Query): Tier | null {
  const all = (isExact: boolean) => required.every((term) => isIn(name, term, { level: WHOLE, isExact }))
  return all(false) ? TIERS.name + (all(true) ? 0 : 1) : null
}

function tierAnywhere(texts: Text[], { required }: Query, expansions?: Expansions): Tier | null {
  let worst: Level = WHOLE
  let isExact = true
  for (const term of required) {
    const matches = (level: Level, exact: boolean) =>
      texts.some((text) => isIn(text, term, { level, isExact: exact, expansions }))
    const level = LEVELS.find((one) => matches(one, false))
    if (level === undefined) return null
    if (level > worst) worst = level
    isExact &&= matches(level, true)
  }
  return TIERS.whole + 2 * worst + (isExact ? 0 : 1)
}

function anyTierOf(texts: Text[], { required }: Query): Tier | null {
  const form = (text: Text, term: Term) =>
    isIn(text, term, { level: INSIDE, isExact: false, isWithoutInsides: true })
  const [name] = texts
  if (name && required.some((term) => form(name, term))) return ANY_TIERS.name
  return texts.some((text) => required.some((term) => form(text, term))) ? ANY_TIERS.anywhere : null
}
