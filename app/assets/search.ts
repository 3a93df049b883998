import type { Viewer } from '../../models/asset-access.ts'
import { countAssets, facetAssets } from '../../models/asset-facets.ts'
import { searchAssets } from '../../models/asset-search.ts'
import { readConsistently } from '../../models/owners-in-transition.ts'
import type { Services } from '../services.ts'
import { presentAssets } from './present.ts'
import { criteriaOf, type SearchQuery } from './search-criteria.ts'

/**
 * A page of the assets that are asked for, as the viewer sees them, with facets and total where asked for.
 *
 * @throws `validation_failed`, `unauthenticated` for a scope that needs a user
 */
export async function findAssets(
  { cursor, limit, facets, count, ...query }: SearchQuery,
  viewer: Viewer,
  { cursors, clock }: Pick<Services, 'cursors' | 'clock'>,
) {
  const { criteria, sort } = await criteriaOf(query, viewer)
  const after = cursors.read(query, cursor, 'search')
  const [page, counts, total] = await readConsistently((owners) =>
    Promise.all([
      searchAssets(criteria, viewer, { sort, limit, after, owners }),
      facets ? facetAssets(criteria, viewer, owners) : undefined,
      count ? countAssets(criteria, viewer, owners) : undefined,
    ]),
  )
  return {
    assets: await presentAssets(page.assets, viewer, clock.now()),
    next: cursors.write(query, page.next),
    ...(counts ? { facets: counts } : {}),
    ...(total === undefined ? {} : { total }),
  }
}
