import type { Viewer } from '../../models/asset-access.ts'
import { countAssets, facetAssets } from '../../models/asset-facets.ts'
import { searchAssets } from '../../models/asset-search.ts'
import { readConsistently } from '../../models/owners-in-transition.ts'
import { addressKey, type Client } from '../auth/client.ts'
import type { Services } from '../services.ts'
import { presentAssets } from './present.ts'
import { criteriaOf, type SearchQuery } from './search-criteria.ts'

/**
 * Runs a search when it is the turn of its user or, without a user, of its client's address.
 *
 * @throws unavailable when too many searches wait, client_closed when the client leaves before its turn
 */
export const searchInTurn = <T>(
  { queues }: Pick<Services, 'queues'>,
  viewer: Viewer,
  { address, signal }: Client,
  search: () => Promise<T>,
): Promise<T> => queues.searches.run(viewer?._id.toString() ?? addressKey(address), search, signal)

/**
 * Returns a page of the assets that are asked for, as the viewer sees them, with facets and total where asked for.
 *
 * @throws validation_failed, unauthenticated for a scope that needs a user; as `searchInTurn`
 */
export const findAssets = (
  query: SearchQuery,
  viewer: Viewer,
  services: Pick<Services, 'cursors' | 'clock' | 'queues'>,
  client: Client,
) => searchInTurn(services, viewer, client, () => search(query, viewer, services))

async function search(
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
