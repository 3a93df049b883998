import type { QueryFilter, Types } from 'mongoose'
import type { AssetFields, Visibility } from './asset.ts'
import { publicAssets, type Viewer } from './asset-access.ts'
import { EVERY_ASSET, keysOfFilters } from './asset-keys.ts'
import type { AssetType, Media } from './media.ts'
import type { Order } from './plugins/page.ts'
import { foldText } from './text.ts'
import type { OwnersInTransition } from './user-state.ts'

export const SCOPES = ['all', 'public', 'mine', 'shared'] as const
export type Scope = (typeof SCOPES)[number]

/**
 * The criteria of a search. An absent criterion matches everything. `…Before` is exclusive; `…After`, `min…` and `max…`
 * are inclusive.
 */
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

type Filter = QueryFilter<AssetFields>

const NOTHING = { _id: { $in: [] } }

/**
 * Whether all assets have their keys. Until the migration has computed them, searches compare the fields of the assets.
 */
let allHaveKeys = true

/** Sets whether searches can compare the keys of the assets. */
export function setAllHaveKeys(value: boolean): void {
  allHaveKeys = value
}

/**
 * Returns the criteria as a filter, without the scope.
 *
 * @param order the order of the result: the index of the newest and oldest first needs a key, even without a criterion
 */
export function filterOf(criteria: Criteria, order?: Order): Filter {
  const { q, owner } = criteria
  const createdAt = range({ $gte: criteria.createdAfter, $lt: criteria.createdBefore })
  const updatedAt = range({ $gte: criteria.updatedAfter, $lt: criteria.updatedBefore })
  const size = range({ $gte: criteria.minSize, $lte: criteria.maxSize })
  return {
    ...(q ? (onlyExcludes(q) ? NOTHING : { $text: { $search: foldText(q) } }) : {}),
    ...(allHaveKeys ? byKeys(criteria, order) : byFields(criteria)),
    ...(owner ? { owner } : {}),
    ...(createdAt ? { createdAt } : {}),
    ...(updatedAt ? { updatedAt } : {}),
    ...(size ? { size } : {}),
  }
}

function byKeys(criteria: Criteria, order: Order | undefined): Filter {
  const keys = keysOfFilters(criteria)
  if (keys.length === 0 && order?.field === 'createdAt') keys.push(EVERY_ASSET)
  return keys.length > 0 ? { keys: { $all: keys } } : {}
}

function byFields({ type, media, tags, visibility }: Criteria): Filter {
  return {
    ...(type ? { type } : {}),
    ...(media ? { media } : {}),
    ...(tags.length > 0 ? { tags: { $all: tags } } : {}),
    ...(visibility ? { visibility } : {}),
  }
}

/**
 * Returns the scope as several filters, each of which selects assets of one index, so that the index serves filter and
 * sort. The filters can overlap. An asset that is not `ready` has no readers, so only the filter by owner names the state.
 */
export function branchesOf(
  { scope, owner }: Pick<Criteria, 'scope' | 'owner'>,
  viewer: Viewer,
  owners: OwnersInTransition,
): Filter[] {
  // the index of an owner holds private assets too
  const ofOwner = owner && allHaveKeys ? { keys: { $all: keysOfFilters({ visibility: 'public' }) } } : {}
  const everybodys = publicAssets(owners).map((branch) => ({ ...branch, ...ofOwner }))
  const mine = viewer ? [{ owner: viewer._id, state: 'ready' as const }] : []
  const shared = viewer
    ? [
        {
          readers: viewer._id.toString(),
          'collaborators.user': viewer._id,
          owner: { $ne: viewer._id },
        },
        ...(viewer.principals?.length
          ? [{ readers: { $in: [...viewer.principals] }, owner: { $ne: viewer._id } }]
          : []),
      ]
    : []
  switch (scope) {
    case 'public':
      return everybodys
    case 'mine':
      return mine
    case 'shared':
      return shared
    case 'all':
      return [...everybodys, ...mine, ...shared]
  }
}

/** Returns the scope as one filter, for counts and text search. */
export function scopeOf(
  criteria: Pick<Criteria, 'scope' | 'owner'>,
  viewer: Viewer,
  owners: OwnersInTransition,
): Filter {
  const [only, ...others] = branchesOf(criteria, viewer, owners)
  return others.length === 0 && only ? only : { $or: [only ?? NOTHING, ...others] }
}

function range<T>(bounds: Record<string, T | undefined>): Record<string, T> | null {
  const given = Object.entries(bounds).flatMap(([operator, bound]) =>
    bound === undefined ? [] : [[operator, bound]],
  )
  return given.length > 0 ? Object.fromEntries(given) : null
}

/** Returns whether a search consists of excluded terms only. Such a search finds nothing, on every engine. */
export function onlyExcludes(q: string): boolean {
  const terms = q.match(/-?"[^"]*"?|\S+/g) ?? []
  return terms.length > 0 && terms.every((term) => term.startsWith('-'))
}
