import { Types } from 'mongoose'
import type { Visibility } from '../../models/asset.ts'
import type { Viewer } from '../../models/asset-access.ts'
import type { Criteria, Scope, Sort } from '../../models/asset-search.ts'
import type { AssetType, Media } from '../../models/media.ts'
import { visibleUserId } from '../../models/visible-users.ts'
import { unauthenticated } from '../errors.ts'

/** A search as its query string has it, once the rules have passed it. */
export interface SearchQuery {
  q?: string
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
}

/** What a search asks for, without its page and its counts. */
export type Question = Omit<SearchQuery, 'limit' | 'cursor' | 'facets' | 'count'>

/** @throws unauthenticated for a scope that needs a user */
export function requireUserForScope({ scope }: Pick<SearchQuery, 'scope'>, viewer: Viewer): void {
  if (!viewer && (scope === 'mine' || scope === 'shared')) throw unauthenticated()
}

/** What is asked for, for the one who asks: an owner they may not know has no assets. */
export async function resolveCriteria(
  query: Question,
  viewer: Viewer,
): Promise<{ criteria: Criteria; sort: Sort }> {
  const { sort = query.q ? 'relevance' : 'newest', scope = 'all', tag = [], owner, ...rest } = query
  const nobody = new Types.ObjectId()
  const ownerId = owner === undefined ? undefined : ((await visibleUserId(owner, viewer)) ?? nobody)
  return { sort, criteria: { ...rest, scope, tags: tag, owner: ownerId } }
}
