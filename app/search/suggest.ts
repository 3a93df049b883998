import type { Viewer } from '../../models/asset-access.ts'
import {
  assetsWithWords,
  newestShared,
  type Place,
  type Suggesting,
  wordsBeginning,
} from '../../models/asset-suggest.ts'
import { readWithOwners } from '../../models/owner-states.ts'
import type { KnownWord } from '../../models/term.ts'
import type { OwnersInTransition } from '../../models/user-state.ts'
import { foldText } from '../../models/words/fold.ts'
import { splitWords } from '../../models/words/split.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import type { Context } from '../context.ts'
import { searchInTurn } from './search.ts'

/** Most suggestions in an answer. */
export const MAX_SUGGESTIONS = 10
export const SUGGESTION_KINDS = ['name', 'tag'] as const

/** A whole name or tag of an asset that the viewer can read. */
export interface Suggestion {
  value: string
  kind: (typeof SUGGESTION_KINDS)[number]
}

/**
 * Returns names and tags that begin with a text, then those with a word that begins with it; each time the most used first.
 * A text without words has none.
 *
 * @throws what `searchInTurn` throws
 */
export async function suggest(
  context: Pick<Context, 'queues'>,
  viewer: Viewer,
  client: ClientInfo,
  q: string,
): Promise<Suggestion[]> {
  const parts = partsOf(q)
  const [last, before] = [parts.at(-1), parts.slice(0, -1)]
  if (last === undefined) return []
  return searchInTurn(context, viewer, client, async () => {
    const words = await wordsBeginning(last, viewer)
    const candidates = await readWithOwners(
      (owners) => readCandidates({ text: parts.join(''), before, words }, viewer, owners),
      (found) => found.owners(),
    )
    return candidates.best()
  })
}

interface Asked {
  text: string
  before: string[]
  words: KnownWord[]
}

/** Assets of a word from which the word is read alone. */
const COMMON = 1000
/** Most words that are read alone. */
const MAX_ALONE = 2
/** Most queries of the same words for a place. */
const ROUNDS = 3

/** Reads assets until they give enough suggestions. A word of many assets does not hide the others. */
async function readCandidates({ text, before, words }: Asked, viewer: Viewer, owners: OwnersInTransition) {
  const candidates = new Candidates(text)
  const read = async (place: Place, alone: KnownWord[], others: KnownWord[]) => {
    let wanted = { before, place, alone, together: others }
    for (let round = 0; round < ROUNDS && candidates.size < MAX_SUGGESTIONS; round += 1) {
      const { together } = wanted
      if (wanted.alone.length + together.length === 0) return
      candidates.add(await assetsWithWords(wanted, viewer, owners))
      const unread = together.filter(({ word }) => !candidates.words.has(word))
      // when these assets have none of the words, the same query would read them again
      wanted = { ...wanted, alone: [], together: unread.length < together.length ? unread : [] }
    }
  }
  const common = words.filter(({ count }) => count >= COMMON).slice(0, MAX_ALONE)
  const others = words.filter((word) => !common.includes(word))
  await Promise.all([
    read('value', common, others),
    newestShared(viewer, owners).then((shared) => candidates.add(shared)),
  ])
  // words of a tag of several words; few assets have all of several words
  if (before.length === 0) await read('anywhere', common, [])
  await read('anywhere', before.length === 0 ? [] : common, others)
  return candidates
}

const NO_RANK = 2

/** Returns the folded parts of all words of a text. */
const partsOf = (text: string) => splitWords(text).flatMap(({ parts }) => parts)

interface Ranked {
  suggestion: Suggestion
  rank: number
  count: number
}

/** The names and tags of assets that begin with a text, or have a word that does. */
class Candidates {
  readonly #assets = new Map<string, Suggesting>()
  readonly #ranked = new Map<string, Ranked>()
  /** The words of these names and tags. */
  readonly words = new Set<string>()

  constructor(private readonly text: string) {}

  get size(): number {
    return this.#ranked.size
  }

  /** Returns the owners of the assets that were read. */
  owners() {
    return [...this.#assets.values()].map(({ owner }) => owner)
  }

  add(assets: readonly Suggesting[]): void {
    for (const asset of assets) {
      const id = asset._id.toString()
      if (this.#assets.has(id)) continue
      this.#assets.set(id, asset)
      this.#addValue({ value: asset.name, kind: 'name' })
      for (const tag of asset.tags) this.#addValue({ value: tag, kind: 'tag' })
    }
  }

  #addValue(suggestion: Suggestion): void {
    const key = `${suggestion.kind} ${suggestion.value}`
    const known = this.#ranked.get(key)
    if (known) known.count += 1
    else {
      const rank = this.#rankOf(suggestion.value)
      if (rank < NO_RANK) this.#ranked.set(key, { suggestion, rank, count: 1 })
    }
  }

  /** Returns 0 if a value begins with the text, 1 if one of its words does, and `NO_RANK` otherwise. */
  #rankOf(value: string): number {
    const { text } = this
    const [first = ''] = text
    if (!foldText(value).includes(first)) return NO_RANK
    const words = splitWords(value)
    const parts = words.flatMap((word) => word.parts)
    const at = parts.findIndex((_, from) => parts.slice(from).join('').startsWith(text))
    if (at === -1) return NO_RANK
    for (const { joins } of words) for (const { folded } of joins) this.words.add(folded)
    for (const part of parts) this.words.add(part)
    return Math.min(at, 1)
  }

  /** Returns the first suggestions. */
  best(): Suggestion[] {
    return [...this.#ranked.values()]
      .sort((a, b) => a.rank - b.rank || b.count - a.count || compare(a.suggestion.value, b.suggestion.value))
      .slice(0, MAX_SUGGESTIONS)
      .map(({ suggestion }) => suggestion)
  }
}

const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)
