import type { mongo, QueryFilter } from 'mongoose'
import { Asset, type AssetFields } from './asset.ts'
import { publicAssets, type Viewer } from './asset-access.ts'
import { branchesOf } from './asset-criteria.ts'
import { EVERY_ASSET } from './asset-keys.ts'
import { sortBy } from './plugins/page.ts'
import type { OwnersInTransition } from './user-state.ts'

/** Most assets of an audience whose names and tags are compared. */
const MAX_CANDIDATES = 100
/** Most own assets, and most shared ones, that are looked at: the newest. */
const MAX_NEWEST = 1000
/** Longest time of a query, in milliseconds. */
const MAX_SUGGEST_MS = 5000

type Filter = QueryFilter<AssetFields>

/** The fields of an asset that suggestions come from. */
export type Suggesting = Pick<AssetFields, 'owner' | 'name' | 'tags'>
const SUGGESTING = { owner: 1, name: 1, tags: 1 } as const

/** The last character of Unicode: a text that begins with a prefix is before the prefix and this character. */
const LAST = '\u{10ffff}'
const beginning = (prefix: string) => ({ keys: { $elemMatch: { $gte: prefix, $lt: prefix + LAST } } })

/**
 * Returns some assets that a viewer can read: at most `MAX_CANDIDATES` public ones that have a word that begins with each of
 * the texts, the newest of the viewer, and the newest that are shared with the viewer.
 *
 * @param texts one or two folded parts of words
 */
export async function assetsWithWords(
  texts: readonly string[],
  viewer: Viewer,
  owners: OwnersInTransition,
): Promise<Suggesting[]> {
  const words = { $and: texts.map((text) => beginning(`word:${text}`)) }
  const own = viewer ? [{ owner: viewer._id, keys: EVERY_ASSET }] : []
  const found = await Promise.all([
    ...publicAssets(owners).map((audience) => find({ $and: [audience, words] })),
    ...[...own, ...sharedWith(viewer, owners)].map((audience) => findNewest(audience)),
  ])
  return found.flat()
}

const sharedWith = (viewer: Viewer, owners: OwnersInTransition): Filter[] =>
  viewer ? branchesOf({ scope: 'shared' }, viewer, owners).map(({ filter }) => filter) : []

const find = (filter: Filter): Promise<Suggesting[]> => read(filter, { limit: MAX_CANDIDATES })

/** Reads the newest assets. The caller compares their values: not every engine can search the words of an owner by a range. */
const findNewest = (filter: Filter): Promise<Suggesting[]> =>
  read(filter, { sort: NEWEST, limit: MAX_NEWEST })

const NEWEST = sortBy({ field: 'createdAt', direction: -1 })

const read = (filter: Filter, options: mongo.FindOptions): Promise<Suggesting[]> =>
  Asset.collection
    .find<Suggesting>(filter as mongo.Filter<mongo.Document>, {
      ...{ projection: SUGGESTING, maxTimeMS: MAX_SUGGEST_MS },
      ...options,
    })
    .toArray()
