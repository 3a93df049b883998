import { Types } from 'mongoose'
import type { Visibility } from '../../models/asset.ts'
import type { Viewer } from '../../models/asset-access.ts'
import type { Criteria, Scope } from '../../models/asset-criteria.ts'
import type { MATCHES, Sort } from '../../models/asset-search.ts'
import type { AssetType, Media } from '../../models/media.ts'
import { visibleUserId } from '../../models/visible-users.ts'
import { unauthenticated } from '../errors.ts'

/** The validated query of a search. */
export interface SearchQuery {
  q?: string
  match?: (typeof MATCHES)[number]
  scope?: Scope
  type?: AssetType
  media?: Media
  tag?: string[]
  owner?: string
  visibility?: Visibility
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

/** Returns the criteria and the sort of a search. An owner that the viewer cannot see has no assets. */
export async function resolveCriteria(
  query: UnpagedQuery,
  viewer: Viewer,
): Promise<{ criteria: Criteria; sort: Sort }> {
  const { sort = query.q ? 'relevance' : 'newest', scope = 'all', tag = [], owner, match, ...rest } = query
  const nobody = new Types.ObjectId()
  const ownerId = owner === undefined ? undefined : ((await visibleUserId(owner, viewer)) ?? nobody)
  return { sort, criteria: { ...rest, scope, tags: tag, owner: ownerId, any: match === 'any' } }
}
