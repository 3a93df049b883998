import type { mongo, QueryFilter } from 'mongoose'
import { Asset, type AssetFields } from './asset.ts'
import { publicAssets, type Viewer } from './asset-access.ts'
import { branchesOf } from './asset-criteria.ts'
import { sortBy } from './plugins/page.ts'
import type { OwnersInTransition } from './user-state.ts'

/** Most assets of an audience whose names and tags are compared. */
const MAX_CANDIDATES = 100
/** Most assets shared with a user that are looked at: the newest. */
const MAX_SHARED = 1000
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
 * Returns some assets that a viewer can read and that have a word that begins with each of the texts, or a tag that begins
 * with the first one. There are at most `MAX_CANDIDATES` of everybody, of the viewer, and shared with the viewer.
 *
 * @param texts one or two folded parts of words
 */
export async function assetsWithWords(
  texts: readonly string[],
  viewer: Viewer,
  owners: OwnersInTransition,
): Promise<Suggesting[]> {
  const words = { $and: texts.map((text) => beginning(`word:${text}`)) }
  const ofViewer = viewer ? [{ owner: viewer._id, state: 'ready' as const }] : []
  const found = await Promise.all([
    ...[...publicAssets(owners), ...ofViewer].map((audience) => find({ $and: [audience, words] })),
    ...sharedWith(viewer, owners).map((audience) => findShared(audience, words)),
  ])
  return found.flat()
}

const sharedWith = (viewer: Viewer, owners: OwnersInTransition): Filter[] =>
  viewer ? branchesOf({ scope: 'shared' }, viewer, owners) : []

const find = (filter: Filter): Promise<Suggesting[]> =>
  Asset.collection
    .find<Suggesting>(filter as mongo.Filter<mongo.Document>, {
      projection: SUGGESTING,
      limit: MAX_CANDIDATES,
      maxTimeMS: MAX_SUGGEST_MS,
    })
    .toArray()

/** Reads the newest shared assets by the index of readers, which has no words. */
const findShared = (audience: Filter, words: Filter): Promise<Suggesting[]> =>
  Asset.collection
    .aggregate<Suggesting>(
      [
        { $match: audience },
        { $sort: sortBy({ field: 'createdAt', direction: -1 }) },
        { $limit: MAX_SHARED },
        { $match: words },
        { $limit: MAX_CANDIDATES },
        { $project: SUGGESTING },
      ],
      { maxTimeMS: MAX_SUGGEST_MS },
    )
    .toArray()
