import type { mongo, QueryFilter } from 'mongoose'
import { Asset, type AssetFields } from './asset.ts'
import { publicAssets, type Viewer } from './asset-access.ts'
import { branchesOf } from './asset-criteria.ts'
import { amongNewest } from './asset-page.ts'
import { NEWEST, sortBy } from './plugins/page.ts'
import { type KnownWord, PUBLIC, Term } from './term.ts'
import { storeTermsForSearch } from './term-writer.ts'
import type { OwnersInTransition } from './user-state.ts'
import { isUnspaced } from './words/characters.ts'
import { keyWord } from './words/index-words.ts'

/** Most assets that one query reads. */
const MAX_CANDIDATES = 100
/** Assets that are enough for suggestions from a word that many assets have. */
const ENOUGH = 20
/** Newest assets among which a word that many assets have is looked for first. */
const MAX_NEWEST_READ = 5000
/** Most assets shared with the viewer that are looked at: the newest. */
const MAX_NEWEST = 1000
/** Longest time of a query, in milliseconds. */
const MAX_SUGGEST_MS = 5000

type Filter = QueryFilter<AssetFields>

/** The fields of an asset that suggestions come from. */
export type Suggesting = Pick<AssetFields, '_id' | 'owner' | 'name' | 'tags'>
const SUGGESTING = { owner: 1, name: 1, tags: 1 } as const

/** Where an asset has the words: `value` is its name, or a tag of that word only; `anywhere` is any of its texts. */
export type Place = 'value' | 'anywhere'

/** Returns the most used words that begin with a part of a word, in public assets and those of the viewer. */
export async function wordsBeginning(part: string, viewer: Viewer): Promise<KnownWord[]> {
  // the words of a script without spaces are characters
  if (isUnspaced(part)) return [{ word: part, count: 1, spellings: [part] }]
  await storeTermsForSearch()
  return Term.beginning([PUBLIC, ...(viewer ? [viewer._id.toString()] : [])], keyWord(part))
}

interface Wanted {
  /** Folded words that each asset has, too. */
  before: readonly string[]
  /**
   * Words whose keys have a query each: some engines end a query of one key at its limit, but read all entries of several
   * keys.
   */
  alone: readonly KnownWord[]
  /** Words whose keys have one query together. */
  together: readonly KnownWord[]
  place: Place
}

/**
 * Returns some public and own assets of a viewer that have one of the words, with each query at most `MAX_CANDIDATES`. Of
 * words of many assets, these are the newest.
 */
export async function assetsWithWords(
  wanted: Wanted,
  viewer: Viewer,
  owners: OwnersInTransition,
): Promise<Suggesting[]> {
  const audiences = [...publicAssets(owners), ...(viewer ? [{ owner: viewer._id }] : [])]
  const newest = await amongNewest(MAX_NEWEST_READ)
  const lookups = lookupsOf(wanted)
  const found = await Promise.all(
    audiences.flatMap((audience) => lookups.map((lookup) => readSome(lookup, audience, newest))),
  )
  return found.flat()
}

/** Keys of which an asset has one, and others that it has all. */
interface Lookup {
  keys: string[]
  before: string[]
  /** Whether few assets match. */
  isRare: boolean
  /** Whether each key has a query. */
  isSplit: boolean
}

/** Reads assets among the newest. When they are not enough, or few match, reads from all. */
async function readSome(
  { keys, before, isRare, isSplit }: Lookup,
  audience: Filter,
  newest: Filter | undefined,
): Promise<Suggesting[]> {
  const having = (some: string[]): Filter => ({
    $and: [audience, ...before.map((key): Filter => ({ keys: key })), { keys: { $in: some } }],
  })
  if (newest && !isRare) {
    // in the order of an index, the first of many keys would take all places
    const options = isSplit ? {} : { sort: sortBy(NEWEST) }
    const found = await read({ $and: [having(keys), newest] }, MAX_CANDIDATES, options)
    if (found.length >= ENOUGH) return found
  }
  const parts = isSplit ? keys.map((key) => [key]) : [keys]
  const found = await Promise.all(parts.map((some) => read(having(some), MAX_CANDIDATES)))
  return found.flat()
}

function lookupsOf({ before, alone, together, place }: Wanted): Lookup[] {
  const field = place === 'value' ? 'name' : 'word'
  const keysOf = ({ word, spellings }: KnownWord) => [
    `${field}:${word}`,
    ...(place === 'value' && before.length === 0 ? (spellings ?? [word]).map((tag) => `tag:${tag}`) : []),
  ]
  const keysBefore = before.map((word) => `${field}:${keyWord(word)}`)
  const common = alone.map((word) => ({
    keys: keysOf(word),
    before: keysBefore,
    isRare: false,
    isSplit: true,
  }))
  if (together.length === 0) return common
  const isRare = together.reduce((sum, { count }) => sum + count, 0) <= MAX_CANDIDATES
  // very many assets can have the words before: to read these takes longer than to leave out the few others
  const others = { keys: together.flatMap(keysOf), before: isRare ? [] : keysBefore, isRare, isSplit: false }
  return [...common, others]
}

/** Returns the newest assets that are shared with a viewer. Their words are not known. */
export async function newestShared(viewer: Viewer, owners: OwnersInTransition): Promise<Suggesting[]> {
  const branches = viewer ? branchesOf({ scope: 'shared' }, viewer, owners) : []
  const found = await Promise.all(
    branches.map(({ filter }) => read(filter, MAX_NEWEST, { sort: sortBy(NEWEST) })),
  )
  return found.flat()
}

const read = (
  filter: Filter,
  limit: number,
  options: Pick<mongo.FindOptions, 'sort'> = {},
): Promise<Suggesting[]> =>
  Asset.collection
    .find<Suggesting>(filter as mongo.Filter<mongo.Document>, {
      projection: SUGGESTING,
      maxTimeMS: MAX_SUGGEST_MS,
      limit,
      batchSize: limit,
      ...options,
    })
    .toArray()
