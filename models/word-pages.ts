import type { QueryFilter } from 'mongoose'
import type { AssetFields } from './asset.ts'
import { filterOf } from './asset-criteria.ts'
import { type ListedAsset, nameOfFilters, readAssets } from './asset-page.ts'
import type { Order, Position } from './plugins/page.ts'
import {
  anyConditionsOf,
  asFilter,
  type Conditions,
  isDecidedByKeys,
  LEVELS,
  type Level,
  NOTHING,
  spellingConditions,
  withoutExcluded,
} from './word-conditions.ts'
import { type Ranked, rank, stream, timeLeft, type WordRequest } from './word-stream.ts'
import { ANY_TIERS, TIERS, type Tier } from './words/match.ts'

type Filter = QueryFilter<AssetFields>

/** Most assets that a search reads at once to put them in the order of their tiers; more are read tier by tier. */
let maxRanked = 100

/** Sets the most assets that a search ranks itself, for tests of the reading tier by tier. */
export function setMaxRanked(value: number): void {
  maxRanked = value
}

const NEWEST: Order = { field: 'createdAt', direction: -1 }
/** Rarely used filters whose assets were too many to be ranked. */
const tooMany = new Map<string, number>()
const MAX_TOO_MANY = 1000
const TOO_MANY_MS = 600_000

/** Where a page of a search for words ends: its mode, the tier in order of relevance, the value of its order, the id. */
export type WordPosition = readonly [
  value: { any: boolean; tier: Tier | null; value: unknown },
  id: Position[1],
]

interface Page {
  limit: number
  after: WordPosition | undefined
}

const LEVEL_OF = (tier: Tier): Level => LEVELS[tier >> 1] as Level
const ALL_TIERS = LEVELS.flatMap((_, n) => [2 * n, 2 * n + 1])

/** Returns an overlong page of the matches in the order of a field. */
export async function pageByField(request: WordRequest, order: Order, { limit, after }: Page) {
  const position: Position | undefined = after && [after[0].value, after[1]]
  const filters = await filtersOf(request, 'inside', order)
  const { found } = await stream(request, { filters, order, position, count: limit, isWanted: () => true })
  return found.map(({ asset }) => ({
    asset,
    end: [
      { any: request.any, tier: null, value: asset[order.field as keyof ListedAsset] },
      asset._id,
    ] as WordPosition,
  }))
}

/** Returns an overlong page of the matches in the order of their tiers, the newest of each tier first. */
export async function pageByTier(request: WordRequest, { limit, after }: Page) {
  const found = (await rankAll(request, limit, after)) ?? (await readTiers(request, limit, after))
  return found.map(({ asset, tier }) => ({
    asset,
    end: [{ any: request.any, tier, value: asset.createdAt }, asset._id] as WordPosition,
  }))
}

/** Returns an overlong page of all matches, ranked; null when there are too many to read. */
async function rankAll(request: WordRequest, limit: number, after: WordPosition | undefined) {
  const { words, any } = request
  if (!any && words.rarest > maxRanked) return null
  const filters = await filtersOf(request, 'inside', NEWEST)
  const name = nameOfFilters(filters)
  if ((tooMany.get(name) ?? 0) > Date.now()) return null
  const candidates = await readAssets(filters, NEWEST, {
    limit: maxRanked + 1,
    maxTimeMS: timeLeft(request),
  })
  if (candidates.length > maxRanked) {
    if (tooMany.size >= MAX_TOO_MANY) tooMany.clear()
    tooMany.set(name, Date.now() + TOO_MANY_MS)
    return null
  }
  const ranked = (await rank(request, candidates)).sort(compare)
  const rest = after ? ranked.filter((one) => isAfter(one, after)) : ranked
  return rest.slice(0, limit)
}

const compare = (a: Ranked, b: Ranked) =>
  a.tier - b.tier ||
  b.asset.createdAt.getTime() - a.asset.createdAt.getTime() ||
  Buffer.compare(b.asset._id.id, a.asset._id.id)

function isAfter(one: Ranked, [{ tier, value }, id]: WordPosition): boolean {
  const end = { asset: { createdAt: value, _id: id } as ListedAsset, tier: tier ?? 0 }
  return compare(one, end) > 0
}

/** Reads the tiers one after another until the page is full. */
async function readTiers(request: WordRequest, limit: number, after: WordPosition | undefined) {
  const first = after?.[0].tier ?? 0
  const tiers = request.any ? Object.values(ANY_TIERS) : ALL_TIERS
  const reader = new TierReader(request, limit)
  const found: Ranked[] = []
  for (const tier of tiers.filter((one) => one >= first)) {
    const position: Position | undefined = after && tier === first ? [after[0].value, after[1]] : undefined
    found.push(...(await reader.read(tier, position, limit - found.length)))
    if (found.length === limit) break
  }
  return found
}

/** Reads the first assets of tiers. Tiers with the same candidates are read once when the first one reads all of them. */
class TierReader {
  /** The name of the candidates that were all read last. */
  #read: string | undefined
  #others = new Map<Tier, Ranked[]>()

  constructor(
    private readonly request: WordRequest,
    private readonly limit: number,
  ) {}

  async read(tier: Tier, position: Position | undefined, count: number): Promise<Ranked[]> {
    const candidates = await candidatesOf(this.request, tier)
    if (candidates === null) return []
    const { name, request, filters, narrow } = candidates
    if (name === this.#read && !position) return this.#others.get(tier)?.slice(0, count) ?? []
    this.#read = undefined
    this.#others = new Map()
    const { found, isAll } = await stream(request, {
      ...{ filters, order: NEWEST, position, count },
      isWanted: (one) => one === tier,
      onOther: (other) => this.#keep(other),
      ...(narrow ? { narrow } : {}),
    })
    if (isAll && !position) this.#read = name
    return found
  }

  #keep(other: Ranked): void {
    const others = this.#others.get(other.tier) ?? []
    if (others.length < this.limit) others.push(other)
    this.#others.set(other.tier, others)
  }
}

interface Candidates {
  name: string
  request: WordRequest
  filters: Filter[]
  narrow?: () => Promise<Filter[]>
}

/** Returns how to read the assets that can be in a tier; null when there are none. */
async function candidatesOf(request: WordRequest, tier: Tier): Promise<Candidates | null> {
  const { any, words } = request
  if (any) {
    const filters = await filtersOf(request, tier === ANY_TIERS.name ? 'name' : 'inside', NEWEST)
    return { name: nameOfFilters(filters), request, filters }
  }
  const isExact = tier % 2 === 0
  // when all assets of the audiences write the words in one way, only what is shared can be in the other tier
  const isUnused = words.spelling === (isExact ? 'folded' : 'exact') && tier < TIERS.prefix
  const branches = isUnused ? request.branches.filter(({ isShared }) => isShared) : request.branches
  if (branches.length === 0) return null
  const some = { ...request, branches }
  const level = LEVEL_OF(tier)
  const spelled = ['name', 'whole'].includes(level) ? spellingConditions(words.query, isExact) : NO_CONDITIONS
  const filters = (await filtersOf(some, level, NEWEST)).map(
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
function filtersOf(
  { words, criteria, branches, any }: WordRequest,
  level: Level,
  order: Order,
): Promise<Filter[]> {
  return Promise.all(
    branches.map(async ({ filter, isShared }): Promise<Filter> => {
      const conditions: Conditions = any
        ? anyConditionsOf(words.query, level === 'name', words.countOfKey)
        : await words.conditions(level, isShared)
      return { $and: [filterOf(criteria, order, conditions), filter] }
    }),
  )
}

/**
 * Returns the filter of the matches of a search. When keys alone do not decide about a match, it names the newest `limit`
 * matches.
 */
export async function matchesOf(request: WordRequest, limit: number): Promise<Filter> {
  const filters = await filtersOf(request, 'inside', NEWEST)
  if (!isDecidedByKeys(request.words.query)) {
    const { found } = await stream(request, { filters, order: NEWEST, count: limit, isWanted: () => true })
    return { _id: { $in: found.map(({ asset }) => asset._id) } }
  }
  const without = withoutExcluded(request.words.query)
  const [first = NOTHING, ...others] = filters.map((filter) => ({ $and: [filter, ...without] }))
  return others.length === 0 ? first : { $or: [first, ...others] }
}
