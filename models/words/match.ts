import { bareParts, stemOf } from './forms.ts'
import { type AssetTexts, keyWord } from './index-words.ts'
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

interface MatchOptions {
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
const MIN_INSIDE = 4
const LETTERS = /^[\p{L}\p{M}]+$/u

/** Returns whether a part of a search also matches inside words. */
export const matchesInside = (part: string): boolean => part.length >= MIN_INSIDE && LETTERS.test(part)

/** A part of a word, or a joined form of several parts. */
interface Unit extends Omit<Join, 'level'> {
  /** Whether it stands for a word with a sign. */
  isBare: boolean
}

/** One text as units. A word begins where the word before it ends. */
class Text {
  readonly units: Unit[] = []
  readonly byFolded = new Map<string, Unit[]>()
  /** Positions that a search has reached so far: each holds the number of the step that reached it last. */
  readonly #reached: Uint32Array
  #step = 0
  /** All parts in sequence. */
  readonly #folded: string
  readonly #exact: string

  constructor(text: string) {
    let end = 0
    const allFolded: string[] = []
    const allExact: string[] = []
    for (const { parts, exact, joins } of splitWords(text)) {
      const positions = [end]
      parts.forEach((part, n) => {
        const from = end
        const bare = bareParts(part)
        allFolded.push(...(bare ?? [part]))
        allExact.push(...(bare ?? [exact[n] ?? part]))
        for (const one of bare ?? [])
          this.#add({ from: end, to: ++end, folded: one, exact: one, isBare: true })
        if (!bare) end++
        this.#add({ from, to: end, folded: part, exact: exact[n] ?? part, isBare: false })
        positions.push(end)
      })
      for (const join of joins)
        this.#add({
          ...join,
          from: positions[join.from] ?? 0,
          to: positions[join.to] ?? 0,
          isBare: false,
        })
    }
    this.#reached = new Uint32Array(end + 1)
    this.#folded = sequenceOf(allFolded)
    this.#exact = sequenceOf(allExact)
  }

  #add(unit: Unit): void {
    this.units.push(unit)
    const same = this.byFolded.get(unit.folded)
    if (same) same.push(unit)
    else this.byFolded.set(unit.folded, [unit])
  }

  /** Returns whether the parts of a long term occur in sequence, by one search in the text. */
  hasParts({ words }: Term, { level, isExact }: Rule): boolean {
    if (level === INSIDE) return false
    const parts = words.flatMap((word) => (isExact ? word.exact : word.parts))
    const sequence = sequenceOf(parts.flatMap((part) => bareParts(part) ?? [part]))
    const text = isExact ? this.#exact : this.#folded
    return text.includes(level === PREFIX ? sequence.slice(0, -1) : sequence)
  }

  /** Marks positions as reached, as a new step. */
  reach(positions: readonly number[]): void {
    this.#step++
    for (const position of positions) this.#reached[position] = this.#step
  }

  isReached(position: number): boolean {
    return this.#reached[position] === this.#step
  }
}

const sequenceOf = (parts: readonly string[]): string => `\0${parts.join('\0')}\0`

interface Rule {
  level: Level
  isExact: boolean
  isWithoutInsides?: boolean
  expansions?: Expansions | undefined
}

/** Returns the units of a text that match a part of a search. */
function unitsOf(
  text: Text,
  part: string,
  spelling: string,
  { level, isExact, isWithoutInsides, expansions }: Rule,
  isPrefix: boolean,
  isPhrase: boolean,
): Unit[] {
  const whole = text.byFolded.get(part) ?? []
  if (level === PREFIX && isPrefix)
    return text.units.filter(
      ({ folded, exact, isBare }) =>
        !isBare &&
        folded.startsWith(part) &&
        (!isExact || exact.startsWith(spelling)) &&
        (!expansions || expansions.prefixes.has(keyWord(folded))),
    )
  if (level !== INSIDE)
    return whole.filter(({ exact, isBare }) => !isBare && (!isExact || exact === spelling))
  const isSpelled = ({ folded, exact }: Unit) =>
    !isExact || exact.includes(spelling) || (spelling === part && exact === folded)
  if (isPhrase) return whole.filter(isSpelled)
  const isInside = !isWithoutInsides && matchesInside(part)
  const insides = expansions?.insides.get(part)
  const isForm = formTest(part)
  return text.units.filter(
    (unit) =>
      isSpelled(unit) &&
      (isForm(unit.folded) ||
        (isInside && unit.folded.includes(part) && (!insides || insides.has(keyWord(unit.folded))))),
  )
}

/** Returns a function that tells whether a word is another form of a part of a search. */
function formTest(part: string): (word: string) => boolean {
  const stem = stemOf(part)
  const [first] = part
  // the stem of a word has its first letter
  return (word) => word === part || word === stem || (word[0] === first && stemOf(word) === stem)
}

/** Returns the positions after a word of a search that begins at one of the positions; at any position for null. */
function endsOf(text: Text, term: Term, word: QueryWord, rule: Rule, starts: number[] | null): number[] {
  const isLastWord = word === term.words.at(-1)
  return word.variants.flatMap(({ parts, exact }) => {
    let ends = starts
    for (const [n, part] of parts.entries()) {
      const isPrefix = isLastWord && n === parts.length - 1
      const units = unitsOf(text, part, exact[n] ?? part, rule, isPrefix, term.isPhrase)
      if (ends) text.reach(ends)
      const next = ends ? units.filter(({ from }) => text.isReached(from)) : units
      ends = [...new Set(next.map(({ to }) => to))]
      if (ends.length === 0) break
    }
    return ends ?? []
  })
}

/** Most parts of a term whose joined and other forms are compared. */
const MAX_FORMS = 16

/** Returns whether a term matches a text. */
function isIn(text: Text, term: Term, rule: Rule): boolean {
  if (rule.level === PREFIX && !term.isOpen) return false
  if (term.words.reduce((sum, { parts }) => sum + parts.length, 0) > MAX_FORMS)
    return text.hasParts(term, rule)
  let ends: number[] | null = null
  for (const word of term.words) {
    ends = endsOf(text, term, word, rule, ends)
    if (ends.length === 0) return false
  }
  return true
}

/**
 * Returns how well an asset matches a search; null if it does not match.
 *
 * @param options `any`: one required term is enough, whole or in another word form
 */
export function tierOf(
  asset: AssetTexts | Texts,
  query: Query,
  { expansions, any }: MatchOptions = {},
): Tier | null {
  if (query.required.length === 0) return null
  const texts = asset instanceof Texts ? asset : new Texts(asset)
  const whole = { level: WHOLE, isExact: false } as const
  if (query.excluded.some((term) => texts.all.some((text) => isIn(text, term, whole)))) return null
  if (any) return anyTierOf(texts, query)
  return (
    titleTier(texts.asset.name, query) ??
    nameTier(texts.name, query) ??
    tierAnywhere(texts.all, query, expansions)
  )
}

/** The texts of an asset. A text is split once, when it is needed: the name alone decides about most assets. */
export class Texts {
  #name: Text | undefined
  #all: Text[] | undefined

  constructor(readonly asset: AssetTexts) {}

  get name(): Text {
    this.#name ??= new Text(this.asset.name)
    return this.#name
  }

  get all(): Text[] {
    const { tags, fileNames, license, description } = this.asset
    this.#all ??= [
      this.name,
      ...[...tags, ...fileNames, license ?? '', description]
        .filter((text) => text !== '')
        .map((text) => new Text(text)),
    ]
    return this.#all
  }
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

function anyTierOf(texts: Texts, { required }: Query): Tier | null {
  const form = (text: Text, term: Term) =>
    isIn(text, term, { level: INSIDE, isExact: false, isWithoutInsides: true })
  if (required.some((term) => form(texts.name, term))) return ANY_TIERS.name
  return texts.all.some((text) => required.some((term) => form(text, term))) ? ANY_TIERS.anywhere : null
}
