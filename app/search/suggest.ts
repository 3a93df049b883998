import type { Viewer } from '../../models/asset-access.ts'
import { assetsWithWords, type Suggesting } from '../../models/asset-suggest.ts'
import { readWithOwners } from '../../models/owner-states.ts'
import type { OwnersInTransition } from '../../models/user-state.ts'
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
  const [first, last] = [parts.at(0), parts.at(-1)]
  if (first === undefined || last === undefined) return []
  const texts = parts.length > 1 ? [first, last] : [first]
  const read = (owners: OwnersInTransition) => assetsWithWords(texts, viewer, owners)
  const found = await searchInTurn(context, viewer, client, () =>
    readWithOwners(read, (assets) => assets.map(({ owner }) => owner)),
  )
  return choose(found, parts.join(''))
}

const NO_RANK = 2

/** Returns the folded parts of all words of a text. */
const partsOf = (text: string) => splitWords(text).flatMap(({ parts }) => parts)

/** Returns 0 if a value begins with the text, 1 if one of its words does, and `NO_RANK` otherwise. */
function rankOf(value: string, text: string): number {
  const parts = partsOf(value)
  const at = parts.findIndex((_, from) => parts.slice(from).join('').startsWith(text))
  return at === -1 ? NO_RANK : Math.min(at, 1)
}

function choose(assets: readonly Suggesting[], text: string): Suggestion[] {
  const counts = new Map<string, { suggestion: Suggestion; rank: number; count: number }>()
  const add = (suggestion: Suggestion) => {
    const key = `${suggestion.kind} ${suggestion.value}`
    const known = counts.get(key)
    if (known) known.count += 1
    else counts.set(key, { suggestion, rank: rankOf(suggestion.value, text), count: 1 })
  }
  for (const { name, tags } of assets) {
    add({ value: name, kind: 'name' })
    for (const tag of tags) add({ value: tag, kind: 'tag' })
  }
  return [...counts.values()]
    .filter(({ rank }) => rank < NO_RANK)
    .sort((a, b) => a.rank - b.rank || b.count - a.count || compare(a.suggestion.value, b.suggestion.value))
    .slice(0, MAX_SUGGESTIONS)
    .map(({ suggestion }) => suggestion)
}

const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)
