import { Asset } from './asset.ts'
import { NO_TRANSITION, type OwnersInTransition, type Viewer } from './asset-access.ts'
import { branchesOf, type Criteria, type Filter, filterOf, scopeOf } from './asset-filter.ts'
import type { ListedAsset } from './asset-shape.ts'
import { RELEVANCE, SORTS, type Sort } from './asset-sorts.ts'
import { onlyExcludes } from './asset-words.ts'
import { after, cut, type Order, type Position, sortBy } from './plugins/page.ts'

export interface PageRequest {
  sort: Sort
  limit: number
  after?: Position | undefined
  /** Owners whose public assets are looked at apart; default: none. */
  owners?: OwnersInTransition
}

export interface AssetPage {
  assets: ListedAsset[]
  /** Where the next page begins; null when there is none. */
  next: Position | null
}

/** Internal fields that no list needs. */
const HIDDEN = { words: 0, intents: 0, unsettled: 0, trash: 0 } as const

/** A page of the assets that match and that the viewer may read, in a stable order. */
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
      ? await byRelevance(criteria, viewer, page)
      : criteria.q
        ? await inOrder([filterOf(criteria), scopeOf(criteria.scope, viewer, owners)], order, page)
        : await merged(criteria, viewer, order, page)
  const { items: assets, next } = cut(found, order, page.limit)
  return { assets, next }
}

/** One more than the page holds, which tells whether there is a next one. */
function inOrder(
  filters: Filter[],
  order: Order,
  { limit, after: position }: PageRequest,
): Promise<ListedAsset[]> {
  return Asset.find({ $and: [...filters, ...(position ? [after(order, position)] : [])] }, HIDDEN)
    .sort(sortBy(order))
    .limit(limit + 1)
    .lean()
    .exec()
}

async function merged(criteria: Criteria, viewer: Viewer, order: Order, page: PageRequest) {
  const { owners = NO_TRANSITION } = page
  const pages = await Promise.all(
    branchesOf(criteria.scope, viewer, owners).map((branch) =>
      inOrder([filterOf(criteria), branch], order, page),
    ),
  )
  const unique = new Map(pages.flat().map((asset) => [asset._id.toString(), asset]))
  return [...unique.values()].sort((one, other) => order.direction * compare(one, other, order))
}

function byRelevance(criteria: Criteria, viewer: Viewer, page: PageRequest) {
  const { limit, after: position, owners = NO_TRANSITION } = page
  return Asset.aggregate<ListedAsset & { score: number }>([
    { $match: { $and: [filterOf(criteria), scopeOf(criteria.scope, viewer, owners)] } },
    { $addFields: { score: { $meta: 'textScore' } } },
    ...(position ? [{ $match: after(RELEVANCE, position) }] : []),
    { $sort: sortBy(RELEVANCE) },
    { $limit: limit + 1 },
    { $project: HIDDEN },
  ]).exec()
}

const sortValue = (asset: ListedAsset, { field }: Order): unknown => asset[field as keyof ListedAsset]

/** As the database compares the values of the sorted fields: dates, numbers, strings by their bytes. */
function compare(one: ListedAsset, other: ListedAsset, order: Order): number {
  const [a, b] = [sortValue(one, order), sortValue(other, order)]
  const difference =
    typeof a === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(String(b))) : Number(a) - Number(b)
  return difference || Buffer.compare(one._id.id, other._id.id)
}
