import type { QueryFilter } from 'mongoose'
import type { AssetFields } from './asset.ts'
import { type ListedAsset, nameOfFilters, readAssets } from './asset-page.ts'
import { afterPosition, NEWEST, type Order, type Position } from './plugins/page.ts'
import { Remembered } from './plugins/remembered.ts'
import { candidatesOf, filtersOf, levelOf } from './word-candidates.ts'
import { isDecidedByKeys, LEVELS, NOTHING, withoutExcluded } from './word-conditions.ts'
import { MAX_BATCH, type Ranked, rank, stream, timeLeft, type WordRequest } from './word-stream.ts'
import { ANY_TIERS, type Tier } from './words/match.ts'

type Filter = QueryFilter<AssetFields>

/** Most assets that a search reads at once to put them in the order of their tiers; more are read tier by tier. */
let maxRanked = 100

/** Sets the most assets that a search ranks itself, for tests of the reading tier by tier. */
export function setMaxRanked(value: number): void {
  maxRanked = value
}

/** When filters and pages whose assets were too many to be read at once can be tried again. */
const tooMany = new Remembered<number>()
const TOO_MANY_MS = 600_000

/** Where a page ended: its tier, and the time of its last asset. `all`: it had all matches. */
type End = { tier: Tier; createdAt: Date } | 'all'
/**
 * The ends of pages by their names, so that the same page is read again with one query. An end is only a hint, as in
 * `PageEnds`.
 */
const ends = new Remembered<End>()
/** Most assets that are read at once for each one of a page whose end is remembered. */
const MOST_READ = 8

/** Where a page of a search for words ends: its mode, the tier in order of relevance, the value of its order, the id. */
export type WordPosition = readonly [
  value: { any: boolean; tier: Tier | null; value: unknown },
  id: Position[1],
]

interface Page {
  limit: number
  after: WordPosition | undefined
}

const ALL_TIERS = LEVELS.flatMap((_, n) => [2 * n, 2 * n + 1])

/** Returns an overlong page of the matches in the order of a field. */
export async function pageByField(request: WordRequest, order: Order, { limit, after }: Page) {
  const position: Position | undefined = after && [after[0].value, after[1]]
  const filters = await filtersOf(request, 'inside')
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
export async function pageByTier(request: WordRequest, page: Page) {
  const { criteria, any, branches } = request
  const name = nameOfFilters([criteria, any, branches, page])
  const end = ends.get(name)
  const found =
    (await rankAll(request, page, end === 'all')) ??
    (end && end !== 'all' ? await readAgain(request, page, { name, ...end }) : null) ??
    (await readTiers(request, page))
  const last = found.at(-1)
  if (last && found.length === page.limit)
    ends.set(name, { tier: last.tier, createdAt: last.asset.createdAt })
  else if (!page.after) ends.set(name, 'all')
  return found.map(({ asset, tier }) => ({
    asset,
    end: [{ any, tier, value: asset.createdAt }, asset._id] as WordPosition,
  }))
}

/** Returns an overlong page of all matches, ranked; null when there are too many to read. */
async function rankAll(request: WordRequest, { limit, after }: Page, areFew: boolean) {
  const { words, any } = request
  const areMany = async () => (!any && words.rarest > maxRanked) || (await words.areMore(maxRanked, any))
  if (!areFew && (await areMany())) return null
  const filters = await filtersOf(request, 'inside')
  const candidates = await readFew(request, filters, { name: nameOfFilters(filters), most: maxRanked })
  return candidates && firstAfter(await rank(request, candidates), { limit, after })
}

/** Reads assets with one query; null when there are more than `most`, which is remembered by the name. */
async function readFew(
  request: WordRequest,
  filters: Filter[],
  { name, most }: { name: string; most: number },
): Promise<ListedAsset[] | null> {
  if ((tooMany.get(name) ?? 0) > Date.now()) return null
  const found = await readAssets(filters, NEWEST, {
    limit: most + 1,
    isFull: false,
    maxTimeMS: timeLeft(request),
  })
  if (found.length <= most) return found
  tooMany.set(name, Date.now() + TOO_MANY_MS)
  return null
}

/** Returns the first of some ranked assets after the position of a page. */
function firstAfter(ranked: Ranked[], { limit, after }: Page): Ranked[] {
  const rest = after ? ranked.filter((one) => isAfter(one, after)) : ranked
  return rest.sort(compare).slice(0, limit)
}

/**
 * Reads a page with one query: the assets of the tiers before the last one, and those of the last tier up to where the page
 * ended before. Returns null when they are too many, or when the page is not full within this end.
 */
async function readAgain(
  request: WordRequest,
  { limit, after }: Page,
  { name, tier, createdAt }: { name: string; tier: Tier; createdAt: Date },
): Promise<Ranked[] | null> {
  if (after && after[0].tier !== tier) return null
  const level = levelOf(request, tier)
  // the assets of an exact spelling before the end are not among those of the folded spelling
  if (!after && !request.any && tier % 2 === 1 && (await candidatesOf(request, tier - 1))) return null
  const position = after ? [afterPosition(NEWEST, [after[0].value, after[1]])] : []
  const last = (await filtersOf(request, level)).map(
    (filter): Filter => ({ $and: [filter, { createdAt: { $gte: createdAt } }, ...position] }),
  )
  const earlier = tier - (request.any ? 1 : 2)
  const before = after || earlier < 0 ? [] : await filtersOf(request, levelOf(request, earlier))
  const candidates = await readFew(request, [...before, ...last], {
    name,
    most: Math.min(MAX_BATCH, MOST_READ * limit),
  })
  if (!candidates) return null
  const found = firstAfter(await rank(request, candidates), { limit, after })
  const end = found.at(-1)
  const isFull = found.length === limit && end !== undefined
  return isFull && (end.tier < tier || (end.tier === tier && end.asset.createdAt >= createdAt)) ? found : null
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
async function readTiers(request: WordRequest, { limit, after }: Page): Promise<Ranked[]> {
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
      filters,
      order: NEWEST,
      position,
      count,
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

/**
 * Returns the filter of the matches of a search. When keys alone do not decide about a match, it names the newest `limit`
 * matches.
 */
export async function matchesOf(request: WordRequest, limit: number): Promise<Filter> {
  const filters = await filtersOf(request, 'inside')
  if (!isDecidedByKeys(request.words.query)) {
    const { found } = await stream(request, { filters, order: NEWEST, count: limit, isWanted: () => true })
    return { _id: { $in: found.map(({ asset }) => asset._id) } }
  }
  const without = withoutExcluded(request.words.query)
  const [first = NOTHING, ...others] = filters.map((filter) => ({ $and: [filter, ...without] }))
  return others.length === 0 ? first : { $or: [first, ...others] }
}
