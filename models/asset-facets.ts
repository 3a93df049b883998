import { Asset } from './asset.ts'
import type { OwnersInTransition, Viewer } from './asset-access.ts'
import { type Criteria, filterOf, scopeOf } from './asset-filter.ts'

export interface FacetCount {
  value: string
  count: number
}

export type Facets = Record<'type' | 'media' | 'tag' | 'visibility', FacetCount[]>

/** Tags in the facets of a search: the most frequent ones. */
export const TOP_TAGS = 20

const matching = (criteria: Criteria, viewer: Viewer, owners: OwnersInTransition) => ({
  $and: [filterOf(criteria), scopeOf(criteria.scope, viewer, owners)],
})

/** How many assets match that the viewer may read. */
export function countAssets(criteria: Criteria, viewer: Viewer, owners: OwnersInTransition): Promise<number> {
  return Asset.countDocuments(matching(criteria, viewer, owners)).exec()
}

/** Of the whole result: how many assets there are of each value, most first. */
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
