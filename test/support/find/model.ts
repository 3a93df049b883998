import { Asset, type AssetFields } from '../../../models/asset.ts'
import { User, type UserFields } from '../../../models/user.ts'
import { type Tier, tierOf } from '../../../models/words/match.ts'
import { type Parts, parseQuery } from '../../../models/words/query.ts'
import type { Query } from './draw.ts'

const DAY = 86_400_000
const TOP_TAGS = 20
/** Words that a prefix or a part of a word reaches. */
const EXPANSIONS = 50
/** Letters of a word that also matches inside others. */
const INSIDE = 4

/** What a search finds, in the order of its sort. */
export interface Found {
  assets: AssetFields[]
  /** Missing without words. */
  matched: 'all' | 'any' | undefined
}

/** A username; null: nobody is signed in. */
export type ViewerName = string | null

interface Count {
  value: string
  count: number
}

/** Answers searches by the rules alone: it compares every stored asset. Only the meaning of words is that of the service. */
export class FindModel {
  private constructor(
    private readonly assets: AssetFields[],
    private readonly accounts: UserFields[],
  ) {}

  /** Reads what is stored now. */
  static async read(): Promise<FindModel> {
    const [assets, accounts] = await Promise.all([Asset.find().lean(), User.find().lean()])
    return new FindModel(
      assets.filter(({ state }) => state === 'ready'),
      accounts,
    )
  }

  find(query: Query, viewer: ViewerName): Found {
    const scoped = this.#inScope(one(query.scope) ?? 'all', viewer)
    const filtered = scoped.filter((asset) => this.#matches(asset, query, viewer))
    const q = one(query.q)
    if (q === undefined)
      return { assets: filtered.sort(orderOf(one(query.sort) ?? 'newest')), matched: undefined }
    const { tiers, matched } = tiersOf(filtered, q, query.match === 'any')
    const byField = orderOf(one(query.sort) ?? 'newest')
    const byTier = (a: AssetFields, b: AssetFields) =>
      query.sort === undefined ? (tiers.get(a) ?? 0) - (tiers.get(b) ?? 0) : 0
    return { assets: [...tiers.keys()].sort((a, b) => byTier(a, b) || byField(a, b)), matched }
  }

  /** Returns whether each prefix and part of a word in `q` fits so few words that a search reaches them all. */
  reachesAllWords({ q }: Query): boolean {
    const stored = new Set(this.assets.flatMap(({ keys = [] }) => keys.flatMap(wordOfKey)))
    const isReached = (text: string) =>
      [...stored].filter((word) => (text.length < INSIDE ? word.startsWith(text) : word.includes(text)))
        .length <= EXPANSIONS
    const areReached = ({ joined, parts }: Parts & { joined: string }) =>
      [joined, ...parts].every((text) => text.length < 2 || isReached(text))
    return parseQuery(one(q) ?? '').required.every(
      ({ words, isPhrase, isOpen }) => (isPhrase && !isOpen) || words.every(areReached),
    )
  }

  /** Counts each facet in the assets that match without its own filter. */
  facets(query: Query, viewer: ViewerName): Record<string, Count[]> {
    const whole = this.find(query, viewer)
    // what has any of the words if the answer is that
    const match = whole.matched === 'any' ? 'any' : undefined
    const counted = (
      filter: string,
      valuesOf: (asset: AssetFields) => string[],
      keyOf = (value: string) => value,
    ) => {
      const isFiltered = query[filter] !== undefined
      const found = isFiltered ? this.find({ ...query, match, [filter]: undefined }, viewer) : whole
      const newest = found.assets.toSorted(orderOf('newest'))
      const counts = new Map<string, Count>()
      for (const value of newest.flatMap(valuesOf)) {
        const known = counts.get(keyOf(value))
        if (known) known.count += 1
        else counts.set(keyOf(value), { value, count: 1 })
      }
      return [...counts.values()].sort(byCount)
    }
    return {
      type: counted('type', ({ type }) => [type]),
      media: counted('media', ({ media }) => [media]),
      tag: counted('tagAny', ({ tags }) => tags).slice(0, TOP_TAGS),
      visibility: counted('visibility', ({ visibility }) => [visibility]),
      ext: counted('ext', (asset) => [...new Set(extensionsOf(asset))]),
      license: counted('license', ({ license }) => (license ? [license] : []), lower),
      owner: counted('owner', ({ owner }) => this.#nameOf(owner, viewer)),
    }
  }

  #account(name: ViewerName): UserFields | undefined {
    return this.accounts.find(({ username }) => username === name)
  }

  /** Returns the username of an account that the viewer can see. */
  #nameOf(id: AssetFields['owner'], viewer: ViewerName): string[] {
    const account = this.accounts.find(({ _id }) => _id.equals(id))
    if (!account) return []
    const isSeen =
      account.username === viewer ||
      this.#account(viewer)?.access === 'admin' ||
      (account.discoverable && !account.disabled)
    return isSeen ? [account.username] : []
  }

  #inScope(scope: string, viewer: ViewerName): AssetFields[] {
    const self = this.#account(viewer)?._id
    const isMine = ({ owner }: AssetFields) => self !== undefined && owner.equals(self)
    const isShared = (asset: AssetFields) =>
      !isMine(asset) && self !== undefined && asset.collaborators.some(({ user }) => user?.equals(self))
    const isPublic = ({ visibility, owner }: AssetFields) =>
      visibility === 'public' && this.accounts.some(({ _id, disabled }) => _id.equals(owner) && !disabled)
    const IN: Record<string, (asset: AssetFields) => boolean> = {
      public: isPublic,
      mine: isMine,
      shared: isShared,
      all: (asset) => isPublic(asset) || isMine(asset) || isShared(asset),
    }
    return this.assets.filter((asset) => IN[scope]?.(asset))
  }

  #matches(asset: AssetFields, query: Query, viewer: ViewerName): boolean {
    const any = (name: string, values: readonly (string | null | undefined)[], folded = lower) => {
      const wanted = listOf(query[name]).map(folded)
      return wanted.length === 0 || values.some((value) => wanted.includes(folded(value ?? '')))
    }
    const hasTag = (tag: string) => asset.tags.some((other) => foldTag(other) === foldTag(tag))
    return (
      any('type', [asset.type]) &&
      any('media', [asset.media]) &&
      any('visibility', [asset.visibility]) &&
      any('ext', extensionsOf(asset)) &&
      any(
        'mediaType',
        asset.files.map(({ mediaType }) => mediaType),
      ) &&
      any(
        'sha256',
        asset.files.map(({ sha256 }) => sha256),
      ) &&
      any('license', [asset.license]) &&
      any('owner', this.#nameOf(asset.owner, viewer)) &&
      any('tagAny', asset.tags, foldTag) &&
      listOf(query.tag).every(hasTag) &&
      !listOf(query.tagNot).some(hasTag) &&
      (query.untagged !== '1' || asset.tags.length === 0) &&
      (query.locked !== '1' || isLocked(asset)) &&
      isWithin(asset.createdAt, one(query.createdAfter), one(query.createdBefore)) &&
      isWithin(asset.updatedAt, one(query.updatedAfter), one(query.updatedBefore)) &&
      asset.size >= Number(query.minSize ?? 0) &&
      asset.size <= Number(query.maxSize ?? Infinity)
    )
  }
}

const one = (value: string | string[] | undefined): string | undefined => listOf(value)[0]
const listOf = (value: string | string[] | undefined): string[] => (value === undefined ? [] : [value].flat())
const wordOfKey = (key: string) => (key.startsWith('word:') ? [key.slice('word:'.length)] : [])
const lower = (value: string) => value.toLowerCase()
const foldTag = (tag: string) => tag.normalize('NFKC').toUpperCase().toLowerCase()
const extensionsOf = ({ files }: AssetFields) =>
  files.flatMap(({ name }) =>
    name?.includes('.') ? [name.slice(name.lastIndexOf('.') + 1).toLowerCase()] : [],
  )
const isLocked = ({ lock }: AssetFields) =>
  Boolean(lock && (lock.legalHold || (lock.until && lock.until > new Date())))

/** Returns whether a time is in a range. A day without a time is in a range that ends with it. */
function isWithin(time: Date, from: string | undefined, to: string | undefined): boolean {
  const end = to === undefined ? Infinity : Date.parse(to) + (to.length === 10 ? DAY : 0)
  return time.getTime() >= (from === undefined ? -Infinity : Date.parse(from)) && time.getTime() < end
}

const bytes = (text: string) => Buffer.from(text)
const byCount = (a: Count, b: Count) => b.count - a.count || Buffer.compare(bytes(a.value), bytes(b.value))
/** Compares names as people do. */
const names = new Intl.Collator('en', { numeric: true })

/** The order of each sort; the other direction has the sign of the other one. */
const ASCENDING: Record<string, (a: AssetFields, b: AssetFields) => number> = {
  createdAt: (a, b) => Number(a.createdAt) - Number(b.createdAt),
  updatedAt: (a, b) => Number(a.updatedAt) - Number(b.updatedAt),
  size: (a, b) => a.size - b.size,
  downloads: (a, b) => a.downloads - b.downloads,
  name: (a, b) => names.compare(a.name, b.name),
}
const SORTS: Record<string, [by: string, sign: 1 | -1]> = {
  newest: ['createdAt', -1],
  oldest: ['createdAt', 1],
  updated: ['updatedAt', -1],
  '-updated': ['updatedAt', 1],
  name: ['name', 1],
  '-name': ['name', -1],
  size: ['size', -1],
  '-size': ['size', 1],
  downloads: ['downloads', -1],
  '-downloads': ['downloads', 1],
}

function orderOf(sort: string): (a: AssetFields, b: AssetFields) => number {
  const [by = '', sign = 1] = SORTS[sort] ?? []
  return (a, b) => sign * ((ASCENDING[by]?.(a, b) ?? 0) || Buffer.compare(a._id.id, b._id.id))
}

/** Returns the assets that have all words, or any of them if none has all. */
function tiersOf(
  assets: AssetFields[],
  q: string,
  wantsAny: boolean,
): { tiers: Map<AssetFields, Tier>; matched: 'all' | 'any' } {
  const query = parseQuery(q)
  const find = (any: boolean) =>
    new Map(
      assets.flatMap((asset): [AssetFields, Tier][] => {
        const fileNames = asset.files.map(({ name }) => name ?? '')
        const tier = tierOf({ ...asset, fileNames }, query, { any })
        return tier === null ? [] : [[asset, tier]]
      }),
    )
  if (query.required.length === 0) return { tiers: new Map(), matched: 'all' }
  const all = wantsAny ? new Map() : find(false)
  return all.size > 0 ? { tiers: all, matched: 'all' } : { tiers: find(true), matched: 'any' }
}
