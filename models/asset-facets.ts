import { Asset } from './asset.ts'
import type { Viewer } from './asset-access.ts'
import { type Criteria, filterOf, scopeOf } from './asset-filter.ts'

export interface FacetCount {
  value: string
  count: number
}

export type Facets = Record<'type' | 'media' | 'tag' | 'visibility', FacetCount[]>

const TOP_TAGS = 20

const matching = (criteria: Criteria, viewer: Viewer) => ({
  $and: [filterOf(criteria), scopeOf(criteria.scope, viewer)],
})

/** How many assets match that the viewer may read. */
export function countAssets(criteria: Criteria, viewer: Viewer): Promise<number> {
  return Asset.countDocuments(matching(criteria, viewer)).exec()
}

/** Of the whole result: how many assets there are of each value, most first. */
export async function facetAssets(criteria: Criteria, viewer: Viewer): Promise<Facets> {
  const counted = (expression: string) => [
    { $group: { _id: expression, count: { $sum: 1 } } },
    { $sort: { count: -1 as const, _id: 1 as const } },
    { $project: { _id: 0, value: '$_id', count: 1 } },
  ]
  const [facets] = await Asset.aggregate<Facets>([
    { $match: matching(criteria, viewer) },
    {
      $facet: {
        type: counted('$type'),
        media: counted('$media'),
        tag: [{ $unwind: '$tags' }, ...counted('$tags'), { $limit: TOP_TAGS }],
        visibility: counted('$visibility'),
      },
    },
  ])
  return facets ?? { type: [], media: [], tag: [], visibility: [] }
}
