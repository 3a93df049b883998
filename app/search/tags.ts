import type { Viewer } from '../../models/asset-access.ts'
import type { Scope } from '../../models/asset-criteria.ts'
import { byCount, countTags, type FacetCount, topOf } from '../../models/asset-facets.ts'
import { MAX_COUNTED } from '../../models/asset-search.ts'
import { readWithOwners } from '../../models/owner-states.ts'
import { NO_TRANSITION, type OwnersInTransition } from '../../models/user-state.ts'
import { isUnspaced } from '../../models/words/characters.ts'
import { foldText } from '../../models/words/fold.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import type { Context } from '../context.ts'
import { requireUserForScope } from './criteria.ts'
import { searchInTurn } from './search.ts'

interface TagQuery {
  /** The beginning of a word of the tag. */
  q?: string
  scope?: Scope
  limit: number
  cursor?: string
}

/**
 * Returns a page of the tags of the newest assets of a scope, the most used first.
 *
 * @throws validation_failed for an invalid cursor
 * @throws unauthenticated for a scope that needs a user
 * @throws what `searchInTurn` throws
 */
export async function listTags(
  { q, scope = 'all', limit, cursor }: TagQuery,
  viewer: Viewer,
  context: Pick<Context, 'cursors' | 'queues'>,
  client: ClientInfo,
) {
  requireUserForScope({ scope }, viewer)
  const query = ['tags', scope, q || null]
  const after = context.cursors.read(query, cursor) as readonly [number, string] | undefined
  const read = (owners: OwnersInTransition) => countTags({ scope }, viewer, owners)
  const { counts, isCut } = await searchInTurn(context, viewer, client, () =>
    scope === 'all' || scope === 'public' ? readWithOwners(read, () => []) : read(NO_TRANSITION),
  )
  const found = topOf(matching(counts, q || null, after), limit + 1)
  const page = found.slice(0, limit)
  const last = page.at(-1)
  return {
    tags: page.map(({ value, count }) => ({ tag: value, count })),
    next: context.cursors.write(query, last && found.length > limit ? [last.count, last.value] : null),
    ...(isCut ? { countsOf: MAX_COUNTED } : {}),
  }
}

/** Yields the counts of a page and those behind it. */
function* matching(
  counts: Iterable<FacetCount>,
  q: string | null,
  after: readonly [count: number, value: string] | undefined,
): Iterable<FacetCount> {
  const isWanted = q === null ? () => true : beginsWord(q)
  const position = after && { count: after[0], value: after[1] }
  for (const one of counts) if ((!position || byCount(position, one) < 0) && isWanted(one.value)) yield one
}

/** A text that ends within a word, or behind one. */
const IN_WORD = /[\p{L}\p{N}]$/u

/** Returns a function that tells whether a word of a tag begins with a text. Scripts without spaces have no words. */
function beginsWord(q: string): (tag: string) => boolean {
  const start = foldText(q).trim()
  if (isUnspaced(start)) return (tag) => foldText(tag).includes(start)
  return (tag) => {
    const text = foldText(tag)
    for (let at = text.indexOf(start); at >= 0; at = text.indexOf(start, at + 1))
      if (!IN_WORD.test(text.slice(Math.max(0, at - 2), at))) return true
    return false
  }
}
