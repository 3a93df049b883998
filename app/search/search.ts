import type { Caller, Viewer } from '../../models/asset-access.ts'
import { allHaveWords, type Criteria } from '../../models/asset-criteria.ts'
import { facetAssets } from '../../models/asset-facets.ts'
import { countAssets, MAX_COUNTED, searchAssets, suggestSpelling } from '../../models/asset-search.ts'
import { readWithOwners } from '../../models/owner-states.ts'
import { refreshSearchForm } from '../../models/search-form.ts'
import { NO_TRANSITION, type OwnersInTransition } from '../../models/user-state.ts'
import { serializeAssets } from '../../models/views/asset.ts'
import { urlsFor } from '../assets/signed-url.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import type { Context } from '../context.ts'
import { callerKey } from '../queues/queues.ts'
import {
  defaultSort,
  requireUserForScope,
  resolveCriteria,
  type SearchQuery,
  type UnpagedQuery,
} from './criteria.ts'

/**
 * Runs a search in a fair queue, in which each user, or each address without a user, takes turns.
 *
 * @param name the same for searches with the same result; those that wait at the same time run once
 * @throws unavailable when too many searches wait
 * @throws client_closed when the client disconnects before its turn
 */
export const searchInTurn = <T>(
  { queues }: Pick<Context, 'queues'>,
  viewer: Viewer,
  client: ClientInfo,
  search: () => Promise<T>,
  name?: string,
): Promise<T> => queues.searches.run(callerKey(viewer, client), search, client.signal, name)

/**
 * Returns a page of the matching assets, serialized for the viewer, with signed URLs, facets and total on request.
 *
 * @throws validation_failed for an invalid cursor
 * @throws unauthenticated for a scope that needs a user
 * @throws what `searchInTurn` throws
 */
export async function findAssets(
  { cursor, limit, facets, count, signed, ...query }: SearchQuery,
  viewer: Caller | null | undefined,
  context: Pick<Context, 'cursors' | 'clock' | 'queues' | 'urls' | 'config'>,
  client: ClientInfo,
) {
  const { cursors } = context
  // refuses invalid requests before they wait in the queue
  requireUserForScope(query, viewer)
  await refreshSearchForm()
  cursors.read(boundTo(query), cursor, 'search')
  const paged = { limit, cursor, facets, count, signed }
  const name = JSON.stringify([viewer, query, paged])
  return searchInTurn(context, viewer, client, () => search(query, paged, viewer, context), name)
}

/**
 * Returns what the cursors of a search belong to: the query without its sort when this is the default one. Until all
 * assets have their words, a search for words has other pages.
 */
function boundTo(query: UnpagedQuery) {
  const { sort, ...unsorted } = query
  const bound = sort === defaultSort(query) ? unsorted : query
  return query.q && !allHaveWords() ? { ...bound, isFormer: true } : bound
}

const ofEverybody = ({ scope }: Criteria) => scope === 'all' || scope === 'public'

interface Paged {
  limit: number
  cursor: string | undefined
  facets: boolean | undefined
  count: boolean | undefined
  signed: boolean | undefined
}

async function search(
  query: UnpagedQuery,
  { limit, cursor, facets, count, signed }: Paged,
  viewer: Caller | null | undefined,
  context: Pick<Context, 'cursors' | 'clock' | 'urls' | 'config'>,
) {
  const { cursors, clock } = context
  // the form can have changed while the search waited
  await refreshSearchForm()
  const bound = boundTo(query)
  const after = cursors.read(bound, cursor, 'search')
  const { criteria, sort } = await resolveCriteria(query, viewer, clock.now())
  const read = async (owners: OwnersInTransition) => {
    const countIn = (counted: Criteria) => countResult(counted, viewer, owners, { facets, count })
    const [page, countsOfAll] = await Promise.all([
      searchAssets(criteria, viewer, { sort, limit, after, owners }),
      countIn(criteria),
    ])
    // no asset has all words: the answer is what has any
    const isUnmatched = page.matched === 'any' && !criteria.any
    const counts = isUnmatched ? await countIn({ ...criteria, any: true }) : countsOfAll
    const suggestion = isUnmatched && !after ? await suggestSpelling(criteria, viewer, owners) : null
    return [page, { ...counts, ...(suggestion ? { suggestion } : {}) }] as const
  }
  // the state of an owner only decides about public assets
  const [page, counts] = ofEverybody(criteria)
    ? await readWithOwners(read, ([{ assets }]) => assets.map(({ owner }) => owner))
    : await read(NO_TRANSITION)
  return {
    assets: await serializeAssets(page.assets, viewer, clock.now(), urlsFor(context, viewer, signed)),
    next: cursors.write(bound, page.next),
    ...(page.matched ? { matched: page.matched } : {}),
    ...counts,
  }
}

/** Returns the facets and the total of a search, as requested. Both are bounded, see `MAX_COUNTED`. */
async function countResult(
  criteria: Criteria,
  viewer: Viewer,
  owners: OwnersInTransition,
  { facets: wantsFacets, count }: Pick<Paged, 'facets' | 'count'>,
) {
  const counted = wantsFacets ? await facetAssets(criteria, viewer, owners) : null
  if (!counted && !count) return {}
  const total = counted?.total ?? (await countAssets(criteria, viewer, owners))
  return {
    ...(counted ? { facets: counted.facets, ...(counted.isCut ? { facetsOf: MAX_COUNTED } : {}) } : {}),
    ...(count ? (total > MAX_COUNTED ? { total: MAX_COUNTED, totalIsMinimum: true } : { total }) : {}),
  }
}
