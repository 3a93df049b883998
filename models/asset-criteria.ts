import type { QueryFilter } from 'mongoose'
import type { AssetFields } from './asset.ts'
import { publicAssets, type Viewer } from './asset-access.ts'
import { type EqualityFilters, fieldConditions, keyConditions } from './asset-filters.ts'
import { EVERY_ASSET, keysOfFilter } from './asset-keys.ts'
import { searchForm } from './search-form.ts'
import { foldText } from './text.ts'
import type { OwnersInTransition } from './user-state.ts'
import { type Conditions, NOTHING } from './word-conditions.ts'

export const SCOPES = ['all', 'public', 'mine', 'shared'] as const
export type Scope = (typeof SCOPES)[number]

/**
 * The criteria of a search. An absent criterion matches everything. `…Before` is exclusive; `…After`, `min…` and `max…`
 * are inclusive.
 */
export interface Criteria extends EqualityFilters {
  q?: string | undefined
  /** Whether one of the words of `q` is enough. */
  any?: boolean | undefined
  scope: Scope
  minSize?: number | undefined
  maxSize?: number | undefined
  createdAfter?: Date | undefined
  createdBefore?: Date | undefined
  updatedAfter?: Date | undefined
  updatedBefore?: Date | undefined
}

type Filter = QueryFilter<AssetFields>

const allHaveKeys = () => searchForm() !== 'fields'
/** Whether searches compare the words of assets by keys, and not by the text index of the previous release. */
export const allHaveWords = () => searchForm() === 'words'

/**
 * Returns the criteria as a filter, without the scope.
 *
 * @param options.words the conditions of `q`; without them, `q` is compared as in the previous release
 * @param options.isSorted whether the index of an order serves the filter; else it has a key, even without a criterion
 */
export function filterOf(
  criteria: Criteria,
  { words, isSorted = true }: { words?: Conditions; isSorted?: boolean } = {},
): Filter {
  const { q } = criteria
  const createdAt = range({ $gte: criteria.createdAfter, $lt: criteria.createdBefore })
  const updatedAt = range({ $gte: criteria.updatedAfter, $lt: criteria.updatedBefore })
  const size = range({ $gte: criteria.minSize, $lte: criteria.maxSize })
  return {
    ...(q && !words ? (onlyExcludes(q) ? NOTHING : { $text: { $search: foldText(q) } }) : {}),
    ...(allHaveKeys() ? byKeys(criteria, isSorted, words) : allOf(fieldConditions(criteria))),
    ...(createdAt ? { createdAt } : {}),
    ...(updatedAt ? { updatedAt } : {}),
    ...(size ? { size } : {}),
  }
}

function byKeys(criteria: Criteria, isSorted: boolean, words?: Conditions): Filter {
  // keys of the previous form have no media types
  const { all, others, selects } = keyConditions(criteria, { hasMediaTypes: allHaveWords() })
  const keys = [...(words?.all ?? []), ...all]
  if (!selects && !words && !isSorted) keys.push(EVERY_ASSET)
  return {
    ...(keys.length > 0 ? { keys: { $all: keys } } : {}),
    ...allOf([...others, ...(words?.and ?? [])]),
  }
}

const allOf = (conditions: Filter[]): Filter => (conditions.length > 0 ? { $and: conditions } : {})

/** The assets of one index that a search looks at. */
export interface Branch {
  filter: Filter
  /** Whether they are shared with the viewer. The words of such assets are not known. */
  isShared: boolean
}

/**
 * Returns the scope as several filters, each of which selects assets of one index, so that the index serves filter and
 * sort. The filters can overlap. An asset that is not `ready` has no readers, so only the filter by owner names the state.
 */
export function branchesOf(
  { scope, owner }: Pick<Criteria, 'scope' | 'owner'>,
  viewer: Viewer,
  owners: OwnersInTransition,
): Branch[] {
  // the index of an owner holds private assets too
  const ofOwner = owner && allHaveKeys() ? { keys: { $all: keysOfFilter('visibility', ['public']) } } : {}
  const everybodys = publicAssets(owners).map((branch) => ({
    filter: { ...branch, ...ofOwner },
    isShared: false,
  }))
  const mine: Branch[] = viewer
    ? [{ filter: { owner: viewer._id, state: 'ready' as const }, isShared: false }]
    : []
  // some engines read an index for `$ne`, which takes longer than to compare the few assets that are shared
  const ofOthers: Filter = viewer ? { $nor: [{ owner: viewer._id }] } : {}
  const sharedWith: Filter[] = viewer
    ? [
        {
          readers: viewer._id.toString(),
          'collaborators.user': viewer._id,
          ...ofOthers,
        },
        ...(viewer.principals?.length ? [{ readers: { $in: [...viewer.principals] }, ...ofOthers }] : []),
      ]
    : []
  const shared = sharedWith.map((filter) => ({ filter, isShared: true }))
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
  const [only, ...others] = branchesOf(criteria, viewer, owners).map(({ filter }) => filter)
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
