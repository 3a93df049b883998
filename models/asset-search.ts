import type { mongo, QueryFilter } from 'mongoose'
import { Asset, type AssetFields } from './asset.ts'
import type { Viewer } from './asset-access.ts'
import { allHaveWords, branchesOf, type Criteria, filterOf, onlyExcludes, scopeOf } from './asset-criteria.ts'
import { LISTED, type ListedAsset, MAX_SEARCH_MS, readAssets } from './asset-page.ts'
import { asAppError } from './database-errors.ts'
import { afterPosition, NEWEST, type Order, type Position, sortBy, toPage } from './plugins/page.ts'
import { NO_TRANSITION, type OwnersInTransition } from './user-state.ts'
import { NOTHING } from './word-conditions.ts'
import { matchesOf, pageByField, pageByTier, type WordPosition } from './word-pages.ts'
import { WordSearch } from './word-search.ts'
import type { WordRequest } from './word-stream.ts'
import { nearestSpelling } from './word-suggestion.ts'

/**
 * The sorts by a field. `models/asset.ts` declares an index for each field, which serves both directions. `relevance` is
 * computed by the text search.
 */
export const SORTS = {
  newest: NEWEST,
  oldest: { field: 'createdAt', direction: 1 },
  updated: { field: 'updatedAt', direction: -1 },
  '-updated': { field: 'updatedAt', direction: 1 },
  name: { field: 'nameKey', direction: 1 },
  '-name': { field: 'nameKey', direction: -1 },
  size: { field: 'size', direction: -1 },
  '-size': { field: 'size', direction: 1 },
  downloads: { field: 'downloads', direction: -1 },
  '-downloads': { field: 'downloads', direction: 1 },
} as const satisfies Record<string, Order>

export type Sort = keyof typeof SORTS | 'relevance'
export const SORT_NAMES = [...(Object.keys(SORTS) as (keyof typeof SORTS)[]), 'relevance'] as const
const RELEVANCE: Order = { field: 'score', direction: -1 }

/** How many of its words an answer has. */
export const MATCHED = ['all', 'any'] as const
/** How many of its words a search needs, if not all. */
export const MATCHES = ['any'] as const

/** Most assets that a search counts, and that its facets describe. */
export const MAX_COUNTED = 10_000
/** Longest time in which another spelling is searched, in milliseconds. */
const MAX_SUGGESTION_MS = 1000

type Filter = QueryFilter<AssetFields>

export interface PageRequest {
  sort: Sort
  limit: number
  after?: Position | undefined
  /** The owners in transition; default: none. */
  owners?: OwnersInTransition
}

export interface AssetPage {
  assets: ListedAsset[]
  /** Where the next page begins; null when there is none. */
  next: Position | null
  /** Whether all words of the search were found, or only any of them. Missing without words. */
  matched?: (typeof MATCHED)[number]
}

/** Returns a page of the assets that match and that the viewer can read, in a stable order. */
export async function searchAssets(
  criteria: Criteria,
  viewer: Viewer,
  page: PageRequest,
): Promise<AssetPage> {
  const { owners = NO_TRANSITION, sort, limit, after } = page
  if (criteria.q && allHaveWords()) return searchWords(criteria, viewer, page)
  if (criteria.q && onlyExcludes(criteria.q)) return { assets: [], next: null }
  const order = sort === 'relevance' ? RELEVANCE : SORTS[sort]
  const filters = criteria.q
    ? [{ $and: [filterOf(criteria), scopeOf(criteria, viewer, owners)] }]
    : branchesOf(criteria, viewer, owners).map(({ filter }) => ({
        $and: [filterOf(criteria), filter],
      }))
  // one asset more than the page holds, to know whether there is a next page
  const found =
    sort === 'relevance'
      ? await findByRelevance(criteria, viewer, page)
      : await readAssets(filters, order, { limit: limit + 1, after })
  const { items: assets, next } = toPage(found, order, limit)
  return { assets, next }
}

/** Returns a page of a search for words. When no asset has all of them, the page has the assets with any of them. */
async function searchWords(criteria: Criteria, viewer: Viewer, page: PageRequest): Promise<AssetPage> {
  const { sort, limit } = page
  const after = page.after as WordPosition | undefined
  const request = await wordRequest(criteria, viewer, page.owners)
  const read = (any: boolean) =>
    sort === 'relevance'
      ? pageByTier({ ...request, any }, { limit: limit + 1, after })
      : pageByField({ ...request, any }, SORTS[sort], { limit: limit + 1, after })
  if (request.words.findsNothing) return { assets: [], next: null, matched: 'all' }
  let any = after ? after[0].any : request.any
  let found = await read(any)
  if (!any && !after && found.length === 0) {
    any = true
    if (request.words.query.required.length > 1) found = await read(true)
  }
  const items = found.slice(0, limit)
  return {
    assets: items.map(({ asset }) => asset),
    next: found.length > limit ? (items.at(-1)?.end ?? null) : null,
    matched: any ? 'any' : 'all',
  }
}

/**
 * Returns a search text with a spelling that finds assets, for a search that found none with all its words; null when there
 * is none, or when it takes too long.
 */
export async function suggestSpelling(
  criteria: Criteria,
  viewer: Viewer,
  owners: OwnersInTransition,
): Promise<string | null> {
  if (!allHaveWords()) return null
  const request = await wordRequest(criteria, viewer, owners)
  try {
    return await nearestSpelling({ ...request, endsAt: performance.now() + MAX_SUGGESTION_MS })
  } catch (error) {
    // the answer is complete without it
    if (asAppError(error)?.code === 'too_slow') return null
    throw error
  }
}

/** Returns the words of a search and the assets that it looks at. */
async function wordRequest(
  criteria: Criteria,
  viewer: Viewer,
  owners: OwnersInTransition = NO_TRANSITION,
  endsAt = performance.now() + MAX_SEARCH_MS,
): Promise<WordRequest> {
  const { q = '', scope, any = false } = criteria
  const words = await WordSearch.of({ q, scope, viewer })
  return { words, criteria, viewer, any, branches: branchesOf(criteria, viewer, owners), endsAt }
}

/** Reads the first page with `find`, which some engines do in half of the time. Only an aggregation can compare scores. */
function findByRelevance(criteria: Criteria, viewer: Viewer, page: PageRequest) {
  const { limit, after: position, owners = NO_TRANSITION } = page
  const filter = { $and: [filterOf(criteria), scopeOf(criteria, viewer, owners)] }
  const score = { $meta: 'textScore' }
  if (!position)
    return Asset.collection
      .find<ListedAsset & { score: number }>(filter as mongo.Filter<mongo.Document>, {
        projection: { ...LISTED, score },
        sort: { score, _id: RELEVANCE.direction },
        limit: limit + 1,
        maxTimeMS: MAX_SEARCH_MS,
      })
      .toArray()
  const pipeline = [
    { $match: filter },
    { $addFields: { score } },
    { $match: afterPosition(RELEVANCE, position) },
    { $sort: sortBy(RELEVANCE) },
    { $limit: limit + 1 },
    { $project: { ...LISTED, score: 1 } },
  ]
  return Asset.collection
    .aggregate<ListedAsset & { score: number }>(pipeline, { maxTimeMS: MAX_SEARCH_MS })
    .toArray()
}

/**
 * Returns the number of matching assets that the viewer can read. Stops counting after `MAX_COUNTED + 1`, which means
 * that there are more than `MAX_COUNTED`.
 */
export async function countAssets(
  criteria: Criteria,
  viewer: Viewer,
  owners: OwnersInTransition,
): Promise<number> {
  return Asset.countDocuments(await matching(criteria, viewer, owners), {
    limit: MAX_COUNTED + 1,
    maxTimeMS: MAX_SEARCH_MS,
  }).exec()
}

/**
 * Returns the filter of all matches of a search that the viewer can read, at least of the newest that are counted.
 *
 * @param endsAt when the search takes too long, by `performance.now()`; default: after `MAX_SEARCH_MS`
 */
export async function matching(
  criteria: Criteria,
  viewer: Viewer,
  owners: OwnersInTransition,
  endsAt?: number,
): Promise<Filter> {
  if (!criteria.q || !allHaveWords())
    return { $and: [filterOf(criteria, { isSorted: false }), scopeOf(criteria, viewer, owners)] }
  const request = await wordRequest(criteria, viewer, owners, endsAt)
  return request.words.findsNothing ? NOTHING : matchesOf(request, MAX_COUNTED + 1)
}
