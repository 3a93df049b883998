import type { mongo, QueryFilter } from 'mongoose'
import { Asset, type AssetFields } from './asset.ts'
import type { Viewer } from './asset-access.ts'
import { branchesOf, type Criteria, filterOf, onlyExcludes, scopeOf } from './asset-criteria.ts'
import { afterPosition, type Order, type Position, sortBy, toPage } from './plugins/page.ts'
import { PageEnds } from './plugins/page-ends.ts'
import { NO_TRANSITION, type OwnersInTransition } from './user-state.ts'

/**
 * The sorts by a field. `models/asset.ts` declares an index for each field, which serves both directions. `relevance` is
 * computed by the text search.
 */
export const SORTS = {
  newest: { field: 'createdAt', direction: -1 },
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

/** Most assets that a search counts, and that its facets describe. */
export const MAX_COUNTED = 10_000
/** Longest time of a query of a search, in milliseconds. */
const MAX_SEARCH_MS = 5000

type Filter = QueryFilter<AssetFields>

const pageEnds = new PageEnds()

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
}

export interface FacetCount {
  value: string
  count: number
}

export type Facets = Record<'type' | 'media' | 'tag' | 'visibility', FacetCount[]>

/** The fields of an asset that answers and sorts need. */
const LISTED = {
  _id: 1,
  owner: 1,
  name: 1,
  nameKey: 1,
  description: 1,
  type: 1,
  media: 1,
  tags: 1,
  visibility: 1,
  visibilityEpoch: 1,
  collaborators: 1,
  files: 1,
  fileSet: 1,
  fileCount: 1,
  images: 1,
  cover: 1,
  size: 1,
  downloads: 1,
  version: 1,
  lock: 1,
  createdAt: 1,
  updatedAt: 1,
} as const satisfies Partial<Record<keyof AssetFields, 1>>

export type ListedAsset = Pick<AssetFields, keyof typeof LISTED>

/** Largest number of tags in the facets of a search. */
export const TOP_TAGS = 20

/** Returns a page of the assets that match and that the viewer can read, in a stable order. */
export async function searchAssets(
  criteria: Criteria,
  viewer: Viewer,
  page: PageRequest,
): Promise<AssetPage> {
  if (criteria.q && onlyExcludes(criteria.q)) return { assets: [], next: null }
  const { owners = NO_TRANSITION } = page
  const order = page.sort === 'relevance' ? RELEVANCE : SORTS[page.sort]
  const found =
    page.sort === 'relevance'
      ? await findByRelevance(criteria, viewer, page)
      : criteria.q
        ? await findPage([{ $and: [filterOf(criteria), scopeOf(criteria, viewer, owners)] }], order, page)
        : await findPage(
            branchesOf(criteria, viewer, owners).map((branch) => ({
              $and: [filterOf(criteria, order), branch],
            })),
            order,
            page,
          )
  const { items: assets, next } = toPage(found, order, page.limit)
  return { assets, next }
}

/**
 * Reads one asset more than the page holds, to know whether there is a next page. Calls the driver: the filter contains
 * only values of the stored types, and Mongoose's query took a third of the time of a list.
 */
function findPage(
  filters: Filter[],
  order: Order,
  { limit, after: position }: PageRequest,
): Promise<ListedAsset[]> {
  const after = position ? [afterPosition(order, position)] : []
  const branches = filters.map((filter) => ({ $and: [filter, ...after] }))
  const read = (bound: Filter) => {
    const bounded = branches.map(({ $and }) => ({ $and: [...$and, bound] }))
    // A branch for each index: the database merges their results in the order of the page.
    const filter = bounded.length === 1 ? bounded[0] : { $or: bounded }
    return Asset.collection
      .find<ListedAsset>(filter as mongo.Filter<mongo.Document>, {
        projection: LISTED,
        sort: sortBy(order),
        limit: limit + 1,
        maxTimeMS: MAX_SEARCH_MS,
      })
      .toArray()
  }
  return pageEnds.read(JSON.stringify([branches, order, limit]), order, limit + 1, read)
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
export function countAssets(criteria: Criteria, viewer: Viewer, owners: OwnersInTransition): Promise<number> {
  return Asset.countDocuments(matching(criteria, viewer, owners), {
    limit: MAX_COUNTED + 1,
    maxTimeMS: MAX_SEARCH_MS,
  }).exec()
}

/**
 * Returns for each facet the values in the result and the number of assets with each value, highest number first.
 * Describes the newest `MAX_COUNTED` assets of a larger result.
 */
export async function facetAssets(
  criteria: Criteria,
  viewer: Viewer,
  owners: OwnersInTransition,
): Promise<Facets> {
  const counted = (expression: string) => [
    { $group: { _id: expression, count: { $sum: 1 } } },
    { $sort: { count: -1 as const, _id: 1 as const } },
    { $project: { _id: 0, value: '$_id', count: 1 } },
  ]
  const [facets] = await Asset.aggregate<Facets>([
    { $match: matching(criteria, viewer, owners) },
    { $sort: sortBy(SORTS.newest) },
    { $limit: MAX_COUNTED },
    { $project: { type: 1, media: 1, tags: 1, visibility: 1 } },
    {
      $facet: {
        type: counted('$type'),
        media: counted('$media'),
        tag: [{ $unwind: '$tags' }, ...counted('$tags'), { $limit: TOP_TAGS }],
        visibility: counted('$visibility'),
      },
    },
  ]).option({ maxTimeMS: MAX_SEARCH_MS, allowDiskUse: true })
  return facets ?? { type: [], media: [], tag: [], visibility: [] }
}

const matching = (criteria: Criteria, viewer: Viewer, owners: OwnersInTransition) => ({
  $and: [filterOf(criteria, SORTS.newest), scopeOf(criteria, viewer, owners)],
})
