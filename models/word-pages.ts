import { setImmediate as nextTurn } from 'node:timers/promises'
import type { QueryFilter } from 'mongoose'
import { tooSlow } from '../app/errors.ts'
import type { AssetFields } from './asset.ts'
import type { Viewer } from './asset-access.ts'
import { type Branch, type Criteria, filterOf } from './asset-criteria.ts'
import { type ListedAsset, MAX_SEARCH_MS, readAssets } from './asset-page.ts'
import { fileSetNames } from './file-set.ts'
import type { Order, Position } from './plugins/page.ts'
import {
  anyConditionsOf,
  asFilter,
  type Conditions,
  isDecidedByKeys,
  LEVELS,
  type Level,
  NOTHING,
  withoutExcluded,
} from './word-conditions.ts'
import type { WordSearch } from './word-search.ts'
import { ANY_TIERS, TIERS, type Tier } from './words/match.ts'

type Filter = QueryFilter<AssetFields>

/** Most assets that a search reads at once to put them in the order of their tiers; more are read tier by tier. */
let maxRanked = 100

/** Sets the most assets that a search ranks itself, for tests of the reading tier by tier. */
export function setMaxRanked(value: number): void {
  maxRanked = value
}

/** Most assets that one query of a search reads to compare their texts. */
const MAX_BATCH = 500
/** Assets whose texts are compared without a pause of the process. */
const COMPARED_AT_ONCE = 50

const NEWEST: Order = { field: 'createdAt', direction: -1 }
/** Rarely used filters whose assets were too many to be ranked. */
const tooMany = new Map<string, number>()
const MAX_TOO_MANY = 1000
const TOO_MANY_MS = 600_000

/** A search for words in the assets of several indexes. */
export interface WordRequest {
  words: WordSearch
  criteria: Criteria
  viewer: Viewer
  branches: Branch[]
  /** Whether one of the words is enough. */
  any: boolean
}

/** Where a page of a search for words ends: its mode, the tier in order of relevance, the value of its order, the id. */
export type WordPosition = readonly [
  value: { any: boolean; tier: Tier | null; value: unknown },
  id: Position[1],
]

interface Page {
  limit: number
  after: WordPosition | undefined
}

interface Ranked {
  asset: ListedAsset
  tier: Tier
}

const LEVEL_OF = (tier: Tier): Level => LEVELS[tier >> 1] as Level
const ALL_TIERS = LEVELS.flatMap((_, n) => [2 * n, 2 * n + 1])

/** Returns an overlong page of the matches in the order of a field. */
export async function pageByField(request: WordRequest, order: Order, { limit, after }: Page) {
  const position: Position | undefined = after && [after[0].value, after[1]]
  const filters = await filtersOf(request, 'inside', order)
  const found = await stream(request, {
    filters,
    order,
    position,
    count: limit,
    isWanted: (tier) => tier !== null,
  })
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
  const name = JSON.stringify(filters)
  if ((tooMany.get(name) ?? 0) > Date.now()) return null
  const candidates = await readAssets(filters, NEWEST, { limit: maxRanked + 1 })
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
  const found: Ranked[] = []
  for (const tier of tiers.filter((one) => one >= first)) {
    const position: Position | undefined = after && tier === first ? [after[0].value, after[1]] : undefined
    const count = limit - found.length
    found.push(...(await readTier(request, tier, { position, count })))
    if (found.length === limit) break
  }
  return found
}

async function readTier(
  request: WordRequest,
  tier: Tier,
  { position, count }: { position: Position | undefined; count: number },
): Promise<Ranked[]> {
  const { any, words } = request
  const isWanted = (one: Tier | null) => one === tier
  if (any) {
    const filters = await filtersOf(request, tier === ANY_TIERS.name ? 'name' : 'inside', NEWEST)
    return stream(request, { filters, order: NEWEST, position, count, isWanted })
  }
  // when all assets of the audiences write the words in one way, only what is shared can be in the other tier
  const unused = { exact: 1, folded: 0, mixed: null }[words.spelling]
  const isUnused = tier % 2 === unused && tier < TIERS.prefix
  const branches = isUnused ? request.branches.filter(({ isShared }) => isShared) : request.branches
  if (branches.length === 0) return []
  const some = { ...request, branches }
  const filters = await filtersOf(some, LEVEL_OF(tier), NEWEST)
  return stream(some, {
    ...{ filters, order: NEWEST, position, count, isWanted },
    narrow: () => narrowed(some, filters, LEVEL_OF(tier)),
  })
}

/** Returns filters that leave out most assets of the tiers before, which is slower for a first page. */
async function narrowed(
  { words, branches }: WordRequest,
  filters: Filter[],
  level: Level,
): Promise<Filter[]> {
  if (!isDecidedByKeys(words.query)) return filters
  const before = LEVELS.slice(1, LEVELS.indexOf(level))
  return Promise.all(
    filters.map(async (filter, n) => {
      const isShared = branches[n]?.isShared ?? false
      const conditions = await Promise.all(before.map((one) => words.conditions(one, isShared)))
      const earlier = conditions.map(asFilter)
      return {
        $and: [filter, ...(earlier.length > 0 ? [{ $nor: earlier }] : []), ...withoutExcluded(words.query)],
      }
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
        ? anyConditionsOf(words.query, level === 'name')
        : await words.conditions(level, isShared)
      return { $and: [filterOf(criteria, order, conditions), filter] }
    }),
  )
}

interface Stream {
  filters: Filter[]
  order: Order
  position: Position | undefined
  count: number
  isWanted: (tier: Tier | null) => boolean
  /** Returns other filters for all but the first query. */
  narrow?: () => Promise<Filter[]>
}

/** Reads assets of an order until enough of them are wanted. @throws too_slow */
async function stream(request: WordRequest, { filters, order, position, count, isWanted, narrow }: Stream) {
  const endsAt = performance.now() + MAX_SEARCH_MS
  const found: Ranked[] = []
  let [current, after] = [filters, position]
  for (let limit = count; ; limit = Math.min(MAX_BATCH, 4 * limit)) {
    const batch = await readAssets(current, order, { limit, after })
    for (const one of await rank(request, batch))
      if (isWanted(one.tier) && found.push(one) === count) return found
    const last = batch.at(-1)
    if (!last || batch.length < limit) return found
    if (performance.now() > endsAt) throw tooSlow()
    after = [last[order.field as keyof ListedAsset], last._id]
    if (narrow && current === filters) current = await narrow()
  }
}

/** Returns the matches among assets, with their tiers. */
async function rank({ words, any, viewer }: WordRequest, assets: ListedAsset[]): Promise<Ranked[]> {
  const fileNames = await fileNamesOf(assets)
  const ranked: Ranked[] = []
  for (const [n, asset] of assets.entries()) {
    if (n % COMPARED_AT_ONCE === COMPARED_AT_ONCE - 1) await nextTurn()
    const texts = { ...asset, fileNames: fileNames(asset) }
    const tier = any ? words.anyTierOf(texts) : await tierIn(words, texts, isSharedWith(asset, viewer))
    if (tier !== null) ranked.push({ asset, tier })
  }
  return ranked
}

type Texts = ListedAsset & { fileNames: string[] }

async function tierIn(words: WordSearch, texts: Texts, isShared: boolean): Promise<Tier | null> {
  const tier = words.wholeTierOf(texts)
  return tier === null || tier < TIERS.prefix ? tier : words.tierOf(texts, isShared)
}

/** Returns whether an asset is shared with a viewer, so that its words are not among those of its audience. */
const isSharedWith = ({ owner, visibility, collaborators }: ListedAsset, viewer: Viewer): boolean =>
  Boolean(viewer && !owner.equals(viewer._id)) &&
  (visibility !== 'public' || collaborators.some(({ user }) => user?.equals(viewer?._id)))

/** Returns a function that returns the names of all files of an asset. */
async function fileNamesOf(assets: ListedAsset[]): Promise<(asset: ListedAsset) => string[]> {
  const ids = assets.flatMap(({ fileSet }) => fileSet ?? [])
  const sets = new Map<string, string[]>()
  if (ids.length > 0)
    for await (const { _id, files } of fileSetNames(ids))
      sets.set(
        _id,
        files.map(({ name }) => name ?? ''),
      )
  return ({ fileSet, files }) => sets.get(fileSet ?? '') ?? files.map(({ name }) => name ?? '')
}

/**
 * Returns the filter of the matches of a search. When keys alone do not decide about a match, it names the newest `limit`
 * matches.
 */
export async function matchesOf(request: WordRequest, limit: number): Promise<Filter> {
  const filters = await filtersOf(request, 'inside', NEWEST)
  if (!isDecidedByKeys(request.words.query)) {
    const isWanted = (tier: Tier | null) => tier !== null
    const found = await stream(request, {
      filters,
      order: NEWEST,
      position: undefined,
      count: limit,
      isWanted,
    })
    return { _id: { $in: found.map(({ asset }) => asset._id) } }
  }
  const without = withoutExcluded(request.words.query)
  const [first = NOTHING, ...others] = filters.map((filter) => ({ $and: [filter, ...without] }))
  return others.length === 0 ? first : { $or: [first, ...others] }
}
