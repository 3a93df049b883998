import type { Types } from 'mongoose'
import type { Viewer } from './asset-access.ts'
import type { Scope } from './asset-criteria.ts'
import { type KnownWord, PUBLIC, Term } from './term.ts'
import { storeTermsForSearch } from './term-writer.ts'
import { type Conditions, conditionsOf, type Expander, type Level, PATTERNS } from './word-conditions.ts'
import { stemOf } from './words/forms.ts'
import { keyWord } from './words/index-words.ts'
import { type Texts, TIERS, type Tier, tierOf } from './words/match.ts'
import { parseQuery, type Query } from './words/query.ts'
import { formKeys, insideLookups, prefixLookups } from './words/query-keys.ts'

/** Most texts of a search whose words are looked up: one word can have 250 parts. */
const MAX_LOOKUPS = 16

/** The words that stand for texts. */
type Found = ReadonlyMap<string, ReadonlySet<string>>

interface SearchedBy {
  q: string
  scope: Scope
  viewer: Viewer
}

const NOTHING_FOUND: Expander = { beginning: () => [], containing: () => [] }

/** The words of a search, and what is known of them in the assets of its scope. */
export class WordSearch {
  #beginnings: Promise<Found> | undefined
  #insides: Promise<Found> | undefined
  /** About how many assets have each of the words that stand for beginnings and parts. */
  readonly #looked = new Map<string, number>()

  private constructor(
    readonly query: Query,
    readonly audiences: readonly string[],
    /** What is known of the words that are searched, by word. */
    readonly known: ReadonlyMap<string, KnownWord>,
  ) {}

  static async of({ q, scope, viewer }: SearchedBy): Promise<WordSearch> {
    const query = parseQuery(q)
    // the words of changes of this process count at once
    await storeTermsForSearch()
    const audiences = audiencesOf(scope, viewer)
    const words = query.required.flatMap((term) =>
      term.words.flatMap(({ parts, joined }) => [...parts, ...parts.map(stemOf), joined].map(keyWord)),
    )
    const known = await Term.named(audiences, [...new Set(words)])
    return new WordSearch(query, audiences, known)
  }

  get findsNothing(): boolean {
    return this.query.required.length === 0
  }

  /** Returns about how many assets have the rarest word of the search as a whole. */
  get rarest(): number {
    const counts = this.query.required.flatMap(({ words }) =>
      words.map(({ parts, joined }) => {
        const ofParts = Math.min(...parts.map((part) => this.#count(part)))
        return parts.length > 1 ? ofParts + this.#count(joined) : ofParts
      }),
    )
    return Math.min(...counts)
  }

  /**
   * Returns whether more assets than a number can match the search, as far as the counts tell: one word that stands for
   * the rarest word of the search is in more.
   *
   * @param any whether one of the words is enough: then one that stands for any word of the search
   */
  async areMore(most: number, any: boolean): Promise<boolean> {
    if (any) return this.#areMore(most, any, NOTHING_FOUND)
    const known = await this.#expander('prefix')
    return this.#areMore(most, any, known) || this.#areMore(most, any, await this.#expander('inside'))
  }

  #areMore(most: number, any: boolean, expander: Expander): boolean {
    const counts = this.query.required.flatMap((term) =>
      term.words.map((word) => {
        const [part = '', ...others] = word.parts
        if (others.length > 0) return 0
        const isLast = word === term.words.at(-1)
        const prefixes = isLast ? prefixLookups(term).map(({ prefix }) => prefix) : []
        const keys = [
          ...prefixes.flatMap(expander.beginning),
          ...expander.containing(part),
          ...formKeys(word, term).flat(2),
        ]
        return Math.max(...keys.map((key) => this.countOfKey(String(key))))
      }),
    )
    return (any ? Math.max(...counts) : Math.min(...counts)) > most
  }

  #count(word: string): number {
    return this.known.get(keyWord(word))?.count ?? this.#looked.get(word) ?? 0
  }

  /** Returns whether all assets of the audiences write the words of the search in the same way, and whether it is the searched one. */
  get spelling(): 'exact' | 'folded' | 'mixed' {
    const words = this.query.required.flatMap(({ words }) =>
      words.flatMap(({ parts, exact }) => parts.map((part, n) => [part, exact[n] ?? part] as const)),
    )
    const found = words.map(([part, exact]) => {
      const spellings = this.known.get(keyWord(part))?.spellings
      if (!spellings?.length) return 'mixed'
      if (!spellings.includes(exact)) return 'folded'
      return spellings.length === 1 ? 'exact' : 'mixed'
    })
    if (found.includes('folded')) return 'folded'
    return found.every((one) => one === 'exact') ? 'exact' : 'mixed'
  }

  /**
   * Returns conditions that every match of a level satisfies.
   *
   * @param isShared for assets whose words are not known
   */
  async conditions(level: Level, isShared: boolean): Promise<Conditions> {
    const expander = isShared ? PATTERNS : await this.#expander(level)
    const { all, and } = conditionsOf(this.query, level, { expander, count: this.countOfKey })
    return { all: all.sort((a, b) => this.countOfKey(a) - this.countOfKey(b)), and }
  }

  /** Returns about how many assets have a key of a word. */
  readonly countOfKey = (key: string): number => this.#count(key.slice(key.indexOf(':') + 1))

  /**
   * Returns how well an asset matches; null if it does not match.
   *
   * @param isShared whether the words of the asset are not known
   */
  async tierOf(asset: Texts, isShared: boolean): Promise<Tier | null> {
    if (isShared) return tierOf(asset, this.query)
    const prefixes = new Set([...(await this.#readBeginnings()).values()].flatMap((words) => [...words]))
    const none = new Map(this.#parts().map((part) => [part, new Set<string>()]))
    const tier = tierOf(asset, this.query, { expansions: { prefixes, insides: none } })
    if (tier !== null && tier < TIERS.inside) return tier
    return tierOf(asset, this.query, { expansions: { prefixes, insides: await this.#readInsides() } })
  }

  /** Returns how well an asset matches with whole words; another tier, or null, if it does not. */
  wholeTierOf(asset: Texts): Tier | null {
    return tierOf(asset, this.query)
  }

  /** Returns how well an asset matches one of the words; null if it matches none. */
  anyTierOf(asset: Texts): Tier | null {
    return tierOf(asset, this.query, { any: true })
  }

  /** Returns what stands for words on a level. The words that contain a part are only read for the last level. */
  async #expander(level: Level): Promise<Expander> {
    if (level !== 'prefix' && level !== 'inside') return NOTHING_FOUND
    const [beginnings, insides] = await Promise.all([
      this.#readBeginnings(),
      level === 'inside' ? this.#readInsides() : undefined,
    ])
    const keysOf = (words: ReadonlySet<string> | undefined) =>
      [...(words ?? [])].map((word) => `word:${word}`)
    return {
      beginning: (prefix) => keysOf(beginnings.get(prefix)),
      containing: (part) => keysOf(insides?.get(part)),
    }
  }

  #readBeginnings(): Promise<Found> {
    this.#beginnings ??= this.#lookUp(
      this.query.required.flatMap(prefixLookups).map(({ prefix }) => prefix),
      (prefix) => Term.beginning(this.audiences, prefix),
    )
    return this.#beginnings
  }

  #readInsides(): Promise<Found> {
    this.#insides ??= this.#lookUp(this.#parts(), (part) => Term.containing(this.audiences, part))
    return this.#insides
  }

  #parts(): string[] {
    return this.query.required.flatMap(insideLookups)
  }

  /** Reads the words for the first texts; those after the first ones have none. */
  async #lookUp(repeated: string[], read: (text: string) => Promise<KnownWord[]>): Promise<Found> {
    const texts = [...new Set(repeated)]
    const found = await Promise.all(texts.slice(0, MAX_LOOKUPS).map(read))
    for (const { word, count } of found.flat()) this.#looked.set(word, count)
    return new Map(texts.map((text, n) => [text, new Set(found[n]?.map(({ word }) => word))]))
  }
}

/** Returns the audiences whose words are known for a scope. The words of what is shared are not known. */
function audiencesOf(scope: Scope, viewer: Viewer): string[] {
  const own = viewer && (scope === 'all' || scope === 'mine') ? [idOf(viewer)] : []
  return scope === 'all' || scope === 'public' ? [PUBLIC, ...own] : own
}

const idOf = ({ _id }: { _id: Types.ObjectId }) => _id.toString()
