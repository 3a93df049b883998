import { setImmediate as nextTurn } from 'node:timers/promises'
import type { QueryFilter } from 'mongoose'
import { tooSlow } from '../app/errors.ts'
import type { AssetFields } from './asset.ts'
import type { Viewer } from './asset-access.ts'
import type { Branch, Criteria } from './asset-criteria.ts'
import { type ListedAsset, readAssets } from './asset-page.ts'
import { fileSetNames } from './file-set.ts'
import type { Order, Position } from './plugins/page.ts'
import type { WordSearch } from './word-search.ts'
import { Texts, TIERS, type Tier } from './words/match.ts'

type Filter = QueryFilter<AssetFields>

/** Most assets that one query of a search reads to compare their texts. */
export const MAX_BATCH = 500
/** Longest time in which texts are compared without a pause of the process, in milliseconds. One asset can have 1,000 files. */
const MAX_COMPARING_MS = 20

/** A search for words in the assets of several indexes. */
export interface WordRequest {
  words: WordSearch
  criteria: Criteria
  viewer: Viewer
  branches: Branch[]
  /** Whether one of the words is enough. */
  any: boolean
  /** When the search takes too long, by `performance.now()`. */
  endsAt: number
}

/** An asset that matches, with its tier. */
export interface Ranked {
  asset: ListedAsset
  tier: Tier
}

interface Stream {
  filters: Filter[]
  order: Order
  position?: Position | undefined
  count: number
  isWanted: (tier: Tier) => boolean
  /** Gets the matches that are not wanted. */
  onOther?: (other: Ranked) => void
  /** Returns other filters for all but the first query. */
  narrow?: () => Promise<Filter[]>
}

/**
 * Reads assets of an order until enough of them are wanted, or there are no more.
 *
 * @throws too_slow
 */
export async function stream(
  request: WordRequest,
  options: Stream,
): Promise<{ found: Ranked[]; isAll: boolean }> {
  const { filters, order, position, count, isWanted, onOther, narrow } = options
  const found: Ranked[] = []
  let [current, after, limit] = [filters, position, count]
  for (;;) {
    const batch = await readAssets(current, order, { limit, after, maxTimeMS: timeLeft(request) })
    for (const one of await rank(request, batch))
      if (!isWanted(one.tier)) onOther?.(one)
      else if (found.push(one) === count) return { found, isAll: false }
    const last = batch.at(-1)
    if (!last || batch.length < limit) return { found, isAll: true }
    after = [last[order.field as keyof ListedAsset], last._id]
    const narrower = narrow && current === filters ? await narrow() : current
    // most of what the narrower filters find is wanted
    if (narrower === current) limit = Math.min(MAX_BATCH, 4 * limit)
    current = narrower
  }
}

/**
 * Returns the time that a search has left, in milliseconds.
 *
 * @throws too_slow when it has none
 */
export function timeLeft({ endsAt }: Pick<WordRequest, 'endsAt'>): number {
  const left = Math.ceil(endsAt - performance.now())
  if (left <= 0) throw tooSlow()
  return left
}

/**
 * Returns the matches among assets, with their tiers.
 *
 * @throws too_slow
 */
export async function rank(request: WordRequest, assets: ListedAsset[]): Promise<Ranked[]> {
  const { words, any, viewer } = request
  const fileNames = await fileNamesOf(assets)
  const ranked: Ranked[] = []
  let pausedAt = performance.now()
  for (const asset of assets) {
    if (performance.now() - pausedAt > MAX_COMPARING_MS) {
      await nextTurn()
      timeLeft(request)
      pausedAt = performance.now()
    }
    const texts = new Texts({ ...asset, fileNames: fileNames(asset) })
    const tier = any ? words.anyTierOf(texts) : await tierIn(words, texts, isSharedWith(asset, viewer))
    if (tier !== null) ranked.push({ asset, tier })
  }
  return ranked
}

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
