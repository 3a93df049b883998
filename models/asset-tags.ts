import type { QueryFilter, Types } from 'mongoose'
import { Asset, type AssetFields, notLocked } from './asset.ts'
import { filterOf } from './asset-criteria.ts'
import { SORTS } from './asset-search.ts'
import { sortBy } from './plugins/page.ts'

/** Longest time of a read of the assets of a tag, in milliseconds. */
const MAX_READ_MS = 5000

/** Returns the filter of an owner's assets with a tag, as the index of the owner's keys serves it. */
const tagged = (owner: Types.ObjectId, tag: string): QueryFilter<AssetFields> => ({
  owner,
  state: 'ready',
  ...filterOf({ scope: 'mine', tags: [tag] }, SORTS.newest),
})

const unlocked = (owner: Types.ObjectId, tag: string, now: Date) => ({
  $and: [tagged(owner, tag), notLocked(now)],
})
const locked = (owner: Types.ObjectId, tag: string, now: Date) => ({
  $and: [tagged(owner, tag), { $nor: [notLocked(now)] }],
})

async function newestIds(filter: QueryFilter<AssetFields>, most: number): Promise<Types.ObjectId[]> {
  const assets = await Asset.find(filter, { _id: 1 })
    .sort(sortBy(SORTS.newest))
    .limit(most)
    .maxTimeMS(MAX_READ_MS)
    .lean()
  return assets.map(({ _id }) => _id)
}

/** Returns the ids of the newest assets of an owner that have a tag and are not locked. */
export const changeableTagged = (
  owner: Types.ObjectId,
  tag: string,
  now: Date,
  most: number,
): Promise<Types.ObjectId[]> => newestIds(unlocked(owner, tag, now), most)

/** Returns the ids of the newest assets of an owner that have a tag and are locked. */
export const lockedTagged = (
  owner: Types.ObjectId,
  tag: string,
  now: Date,
  most: number,
): Promise<Types.ObjectId[]> => newestIds(locked(owner, tag, now), most)

/** Returns how many assets of an owner have a tag and are not locked. */
export function countChangeableTagged(owner: Types.ObjectId, tag: string, now: Date): Promise<number> {
  return Asset.countDocuments(unlocked(owner, tag, now), { maxTimeMS: MAX_READ_MS }).exec()
}
