import type { Visibility } from '../../models/asset.ts'
import type { Viewer } from '../../models/asset-access.ts'
import type { Criteria, Scope } from '../../models/asset-criteria.ts'
import type { MATCHES, Sort } from '../../models/asset-search.ts'
import type { AssetType, Media } from '../../models/media.ts'
import { visibleUserIds } from '../../models/visible-users.ts'
import { unauthenticated } from '../errors.ts'

/** The validated query of a search. */
export interface SearchQuery {
  q?: string
  match?: (typeof MATCHES)[number]
  scope?: Scope
  type?: AssetType[]
  media?: Media[]
  ext?: string[]
  mediaType?: string[]
  visibility?: Visibility[]
  license?: string[]
  sha256?: string[]
  tag?: string[]
  tagAny?: string[]
  tagNot?: string[]
  owner?: string[]
  untagged?: boolean
  locked?: boolean
  minSize?: number
  maxSize?: number
  createdAfter?: Date
  createdBefore?: Date
  updatedAfter?: Date
  updatedBefore?: Date
  sort?: Sort
  limit: number
  cursor?: string
  facets?: boolean
  count?: boolean
  signed?: boolean
}

/** A search without its page, counts and form. */
export type UnpagedQuery = Omit<SearchQuery, 'limit' | 'cursor' | 'facets' | 'count' | 'signed'>

/**
 * Checks that a scope does not need a user, or that there is one.
 *
 * @throws unauthenticated for the scopes `mine` and `shared` without a user
 */
export function requireUserForScope({ scope }: Pick<SearchQuery, 'scope'>, viewer: Viewer): void {
  if (!viewer && (scope === 'mine' || scope === 'shared')) throw unauthenticated()
}

/** Returns the sort of a search that names none. */
export const defaultSort = ({ q }: Pick<SearchQuery, 'q'>): Sort => (q ? 'relevance' : 'newest')

/**
 * Returns the criteria and the sort of a search. An owner that the viewer cannot see has no assets.
 *
 * @param now the time at which assets are locked
 */
export async function resolveCriteria(
  query: UnpagedQuery,
  viewer: Viewer,
  now: Date,
): Promise<{ criteria: Criteria; sort: Sort }> {
  const { sort = defaultSort(query), scope = 'all', tag, owner = [], locked, match, ...rest } = query
  const criteria: Criteria = { ...rest, scope, tags: tag, any: match === 'any' }
  if (locked) criteria.lockedAt = now
  if (owner.length > 0) criteria.owner = await visibleUserIds(owner, viewer)
  return { sort, criteria }
}
