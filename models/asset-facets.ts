import type { mongo, QueryFilter } from 'mongoose'
import { Types } from 'mongoose'
import { Asset, type AssetFields } from './asset.ts'
import type { Viewer } from './asset-access.ts'
import type { Criteria } from './asset-criteria.ts'
import { comparedText, extensionOf, keysOfFilter } from './asset-keys.ts'
import { MAX_SEARCH_MS } from './asset-page.ts'
import { MAX_COUNTED, matching, SORTS } from './asset-search.ts'
import { sortBy } from './plugins/page.ts'
import type { OwnersInTransition } from './user-state.ts'
import { visibleUsers } from './visible-users.ts'

export interface FacetCount {
  value: string
  count: number
}

/** The facets, each with its own any-of filter, which does not count for it. */
const OWN_FILTER = {
  type: 'type',
  media: 'media',
  tag: 'tagAny',
  visibility: 'visibility',
  ext: 'ext',
  license: 'license',
  owner: 'owner',
} as const satisfies Record<string, keyof Criteria>

type Facet = keyof typeof OWN_FILTER
const FACETS = Object.keys(OWN_FILTER) as Facet[]

export type Facets = Record<Facet, FacetCount[]>

/** Largest number of tags in the facets of a search. */
export const TOP_TAGS = 20
/** Largest number of values of each other facet of a search. */
export const MAX_FACET_VALUES = 100
/** Most owners of a result whose names are looked up. */
const MAX_OWNERS = 1000

/** Assets with file sets whose keys are read at a time. */
const KEYS_BATCH = 500

/** The fields of an asset that facets count. */
const COUNTED = {
  type: 1,
  media: 1,
  tags: 1,
  visibility: 1,
  'files.name': 1,
  fileSet: 1,
  license: 1,
  owner: 1,
} as const

type Counted = Pick<
  AssetFields,
  '_id' | 'type' | 'media' | 'tags' | 'visibility' | 'license' | 'owner' | 'fileSet'
> & {
  files?: { name?: string }[]
}

/** Returns the values of an asset for each facet. The extensions of a file set are read by `countExtensions`. */
const VALUES: Record<Facet, (asset: Counted) => readonly string[]> = {
  type: ({ type }) => [type],
  media: ({ media }) => [media],
  tag: ({ tags }) => tags,
  visibility: ({ visibility }) => [visibility],
  ext: ({ files = [], fileSet }) =>
    fileSet ? [] : [...new Set(files.map(({ name }) => extensionOf(name)))].filter((ext) => ext !== ''),
  license: ({ license }) => (license ? [license] : []),
  owner: ({ owner }) => [owner.toString()],
}

/** Counts the values of one facet. Spellings that its filter does not tell apart count as one, as the newest has it. */
class Counter {
  readonly #counts = new Map<string, FacetCount>()

  constructor(readonly facet: Facet) {}

  add(asset: Counted): void {
    this.addValues(VALUES[this.facet](asset))
  }

  addValues(values: readonly string[]): void {
    for (const value of values) {
      const key = comparedText(this.facet, value)
      const counted = this.#counts.get(key)
      if (counted) counted.count += 1
      else this.#counts.set(key, { value, count: 1 })
    }
  }

  /** Returns the most frequent values. */
  top(most: number): FacetCount[] {
    return topOf(this.#counts.values(), most)
  }

  /** Returns all values, in no order. */
  all(): Iterable<FacetCount> {
    return this.#counts.values()
  }
}

/** Compares counts for lists: the most frequent value first, equally frequent ones by their texts. */
export const byCount = (one: FacetCount, other: FacetCount): number =>
  other.count - one.count || (one.value < other.value ? -1 : Number(one.value > other.value))

/** Returns the first counts in the order of `byCount`. Does not sort the others: there can be 640,000 tags. */
export function topOf(counts: Iterable<FacetCount>, most: number): FacetCount[] {
  const top: FacetCount[] = []
  for (const one of counts) {
    const last = top[most - 1]
    if (last && byCount(one, last) >= 0) continue
    const at = top.findLastIndex((other) => byCount(other, one) < 0) + 1
    top.splice(at, 0, one)
    if (top.length > most) top.pop()
  }
  return top
}

/** Counts the tags of matching assets, of more than `MAX_COUNTED` of the newest. */
export async function countTags(
  criteria: Criteria,
  viewer: Viewer,
  owners: OwnersInTransition,
): Promise<{ counts: Iterable<FacetCount>; isCut: boolean }> {
  const counter = new Counter('tag')
  const filter = await matching(criteria, viewer, owners)
  const total = await countRead({ filter, counters: [counter], projection: { tags: 1 } })
  return { counts: counter.all(), isCut: total > MAX_COUNTED }
}

/** What is counted in one read of assets. */
interface Read {
  filter: QueryFilter<AssetFields>
  counters: Counter[]
  /** The fields that are counted; default: those of all facets. */
  projection?: Partial<typeof COUNTED>
}

interface FacetResult {
  facets: Facets
  /** The number of matching assets, or `MAX_COUNTED + 1` when there are more. */
  total: number
  /** Whether a facet describes only the newest `MAX_COUNTED` assets. */
  isCut: boolean
}

/**
 * Returns for each facet the values in the result and the number of assets with each value, highest number first. A facet
 * ignores its own any-of filter, so that a chosen value does not hide the others. Describes the newest `MAX_COUNTED` assets
 * of a larger result. Reads the result once, and once more for each such filter that is given.
 */
export async function facetAssets(
  criteria: Criteria,
  viewer: Viewer,
  owners: OwnersInTransition,
): Promise<FacetResult> {
  const counters = Object.fromEntries(FACETS.map((facet) => [facet, new Counter(facet)])) as Record<
    Facet,
    Counter
  >
  const isFiltered = (facet: Facet) => (criteria[OWN_FILTER[facet]]?.length ?? -1) >= 0
  const filtered = FACETS.filter(isFiltered)
  const endsAt = performance.now() + MAX_SEARCH_MS
  const readOf = async (read: Criteria, facets: Facet[]): Promise<Read> => ({
    filter: await matching(read, viewer, owners, endsAt),
    counters: facets.map((facet) => counters[facet]),
  })
  const unfiltered = FACETS.filter((facet) => !isFiltered(facet))
  // one after another: a filter of words can compare the texts of `MAX_COUNTED` assets, which are all in memory then
  const reads = [await readOf(criteria, unfiltered)]
  for (const facet of filtered)
    reads.push(await readOf({ ...criteria, [OWN_FILTER[facet]]: undefined }, [facet]))
  const [total = 0, ...totals] = await Promise.all(reads.map(countRead))
  const top = (facet: Facet) => counters[facet].top(facet === 'tag' ? TOP_TAGS : MAX_FACET_VALUES)
  const facets = Object.fromEntries(FACETS.map((facet) => [facet, top(facet)])) as Facets
  facets.owner = await namedOwners(counters.owner.top(MAX_OWNERS), viewer)
  return { facets, total, isCut: [total, ...totals].some((one) => one > MAX_COUNTED) }
}

/** Reads matching assets, the newest first, and counts them. Returns their number, at most `MAX_COUNTED + 1`. */
async function countRead({ filter, counters, projection = COUNTED }: Read): Promise<number> {
  const assets = Asset.collection.find<Counted>(filter as mongo.Filter<mongo.Document>, {
    projection,
    sort: sortBy(SORTS.newest),
    limit: MAX_COUNTED + 1,
    maxTimeMS: MAX_SEARCH_MS,
  })
  const extensions = counters.find(({ facet }) => facet === 'ext')
  const withSets: Types.ObjectId[] = []
  let total = 0
  for await (const asset of assets) {
    total += 1
    if (total > MAX_COUNTED) continue
    for (const counter of counters) counter.add(asset)
    if (asset.fileSet) withSets.push(asset._id)
  }
  if (extensions) await countExtensions(extensions, withSets)
  return total
}

/** Counts the extensions of all files of assets that have more than their documents: by their keys, which name all. */
async function countExtensions(counter: Counter, ids: readonly Types.ObjectId[]): Promise<void> {
  const [begin = ''] = keysOfFilter('ext', [''])
  const extensionsOf = (keys: readonly string[]) =>
    keys.flatMap((key) => (key.startsWith(begin) ? key.slice(begin.length) || [] : []))
  for (let at = 0; at < ids.length; at += KEYS_BATCH) {
    const assets = Asset.collection.find<Pick<AssetFields, 'keys'>>(
      { _id: { $in: ids.slice(at, at + KEYS_BATCH) } },
      { projection: { keys: 1 }, maxTimeMS: MAX_SEARCH_MS },
    )
    for await (const { keys = [] } of assets) counter.addValues(extensionsOf(keys))
  }
}

/** Returns the counts of owners by their usernames, without the owners that the viewer cannot see. */
async function namedOwners(counts: FacetCount[], viewer: Viewer): Promise<FacetCount[]> {
  const ids = counts.map(({ value }) => new Types.ObjectId(value))
  const users = await visibleUsers(ids, viewer)
  return counts
    .flatMap(({ value, count }) => {
      const user = users.get(value)
      return user ? [{ value: user.username, count }] : []
    })
    .sort(byCount)
    .slice(0, MAX_FACET_VALUES)
}
