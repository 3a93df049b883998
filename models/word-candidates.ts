import type { QueryFilter } from 'mongoose'
import type { AssetFields } from './asset.ts'
import { filterOf } from './asset-criteria.ts'
import { nameOfFilters } from './asset-page.ts'
import {
  anyConditionsOf,
  asFilter,
  type Conditions,
  isDecidedByKeys,
  LEVELS,
  type Level,
  spellingConditions,
  withoutExcluded,
} from './word-conditions.ts'
import type { WordRequest } from './word-stream.ts'
import { ANY_TIERS, TIERS, type Tier } from './words/match.ts'

type Filter = QueryFilter<AssetFields>

/** Returns the level that contains a tier. */
export const levelOf = ({ any }: Pick<WordRequest, 'any'>, tier: Tier): Level =>
  any ? (tier === ANY_TIERS.name ? 'name' : 'inside') : (LEVELS[tier >> 1] as Level)

/** How to read the assets that can be in a tier. */
export interface Candidates {
  name: string
  request: WordRequest
  filters: Filter[]
  narrow?: () => Promise<Filter[]>
}

/** Returns how to read the assets that can be in a tier; null when there are none. */
export async function candidatesOf(request: WordRequest, tier: Tier): Promise<Candidates | null> {
  const { any, words } = request
  if (any) {
    const filters = await filtersOf(request, levelOf(request, tier))
    return { name: nameOfFilters(filters), request, filters }
  }
  const isExact = tier % 2 === 0
  // when all assets of the audiences write the words in one way, only what is shared can be in the other tier
  const isUnused = words.spelling === (isExact ? 'folded' : 'exact') && tier < TIERS.prefix
  const branches = isUnused ? request.branches.filter(({ isShared }) => isShared) : request.branches
  if (branches.length === 0) return null
  const some = { ...request, branches }
  const level = levelOf(request, tier)
  const spelled = ['name', 'whole'].includes(level) ? spellingConditions(words.query, isExact) : NO_CONDITIONS
  const filters = (await filtersOf(some, level)).map(
    (filter): Filter => (spelled.first.length > 0 ? { $and: [...spelled.first, filter] } : filter),
  )
  return {
    name: nameOfFilters([...filters, ...spelled.later]),
    request: some,
    filters,
    narrow: () => narrowed(some, filters, level, spelled.later),
  }
}

const NO_CONDITIONS = { first: [], later: [] }

/** Returns filters that leave out most assets of the tiers before, which is slower for a first page. */
async function narrowed(
  { words, branches }: WordRequest,
  filters: Filter[],
  level: Level,
  spelled: Filter[],
): Promise<Filter[]> {
  if (!isDecidedByKeys(words.query)) return filters
  const before = LEVELS.slice(1, LEVELS.indexOf(level))
  return Promise.all(
    filters.map(async (filter, n) => {
      const isShared = branches[n]?.isShared ?? false
      const conditions = await Promise.all(before.map((one) => words.conditions(one, isShared)))
      const earlier = conditions.map(asFilter)
      const without = [...spelled, ...withoutExcluded(words.query)]
      return { $and: [filter, ...(earlier.length > 0 ? [{ $nor: earlier }] : []), ...without] }
    }),
  )
}

/** Returns the filter of a level for each branch. */
export function filtersOf({ words, criteria, branches, any }: WordRequest, level: Level): Promise<Filter[]> {
  return Promise.all(
    branches.map(async ({ filter, isShared }): Promise<Filter> => {
      const conditions: Conditions = any
        ? anyConditionsOf(words.query, level === 'name', words.countOfKey)
        : await words.conditions(level, isShared)
      return { $and: [filterOf(criteria, { words: conditions }), filter] }
    }),
  )
}
