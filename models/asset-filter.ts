import type { QueryFilter, Types } from 'mongoose'
import { type OwnersInTransition, publicAssets, type Viewer, visibleTo } from './asset-access.ts'
import type { Visibility } from './asset-fields.ts'
import type { AssetFields } from './asset-shape.ts'
import type { Scope } from './asset-sorts.ts'
import { foldText, onlyExcludes } from './asset-words.ts'
import type { AssetType, Media } from './media.ts'

/** What a search asks for; absent is any. Bounds: `…After` and `min…`, `max…` inclusive, `…Before` exclusive. */
export interface Criteria {
  q?: string | undefined
  scope: Scope
  type?: AssetType | undefined
  media?: Media | undefined
  tags: string[]
  owner?: Types.ObjectId | undefined
  visibility?: Visibility | undefined
  minSize?: number | undefined
  maxSize?: number | undefined
  createdAfter?: Date | undefined
  createdBefore?: Date | undefined
  updatedAfter?: Date | undefined
  updatedBefore?: Date | undefined
}

export type Filter = QueryFilter<AssetFields>

const NOTHING = { _id: { $in: [] } }

/** The criteria without who may read. */
export function filterOf(criteria: Criteria): Filter {
  const { q, type, media, tags, owner, visibility } = criteria
  const createdAt = range({ $gte: criteria.createdAfter, $lt: criteria.createdBefore })
  const updatedAt = range({ $gte: criteria.updatedAfter, $lt: criteria.updatedBefore })
  const size = range({ $gte: criteria.minSize, $lte: criteria.maxSize })
  return {
    state: 'ready',
    ...(q ? (onlyExcludes(q) ? NOTHING : { $text: { $search: foldText(q) } }) : {}),
    ...(type ? { type } : {}),
    ...(media ? { media } : {}),
    ...(tags.length > 0 ? { tags: { $all: tags } } : {}),
    ...(owner ? { owner } : {}),
    ...(visibility ? { visibility } : {}),
    ...(createdAt ? { createdAt } : {}),
    ...(updatedAt ? { updatedAt } : {}),
    ...(size ? { size } : {}),
  }
}

/**
 * The scope as filters that overlap at most, each with one equality on `readers`, so that an index serves
 * filter and sort alike: their pages are merged.
 */
export function branchesOf(scope: Scope, viewer: Viewer, owners: OwnersInTransition): Filter[] {
  const mine = viewer?._id
  switch (scope) {
    case 'public':
      return publicAssets(owners)
    case 'mine':
      return mine ? [{ readers: mine.toString(), owner: mine }] : []
    case 'shared':
      return mine ? [{ readers: mine.toString(), owner: { $ne: mine } }] : []
    case 'all':
      return [...publicAssets(owners), ...(mine ? [{ readers: mine.toString() }] : [])]
  }
}

/** The scope as one filter, for counts and text search. */
export function scopeOf(scope: Scope, viewer: Viewer, owners: OwnersInTransition): Filter {
  if (scope === 'all') return visibleTo(viewer, owners)
  const [only, ...others] = branchesOf(scope, viewer, owners)
  return others.length === 0 && only ? only : { $or: [only ?? NOTHING, ...others] }
}

function range<T>(bounds: Record<string, T | undefined>): Record<string, T> | null {
  const given = Object.entries(bounds).flatMap(([operator, bound]) =>
    bound === undefined ? [] : [[operator, bound]],
  )
  return given.length > 0 ? Object.fromEntries(given) : null
}
