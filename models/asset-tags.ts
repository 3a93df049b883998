import type { QueryFilter, Types } from 'mongoose'
import { Asset, type AssetFields, notLocked } from './asset.ts'
import { filterOf } from './asset-criteria.ts'
import { SORTS } from './asset-search.ts'
import { sortBy } from './plugins/page.ts'

/** Longest time of a read of the assets of a tag, in milliseconds. */
const MAX_READ_MS = 5000

/** Assets of an owner with a tag, but not those that have it in this spelling. */
interface Tagged {
  owner: Types.ObjectId
  tag: string
  except?: string | undefined
}

/** Returns the filter of these assets, as the index of the owner's keys serves it. */
const tagged = ({ owner, tag, except }: Tagged): QueryFilter<AssetFields> => ({
  owner,
  state: 'ready',
  ...filterOf({ scope: 'mine', tags: [tag] }),
  ...(except === undefined ? {} : { tags: { $ne: except } }),
})

const unlocked = (assets: Tagged, now: Date) => ({ $and: [tagged(assets), notLocked(now)] })

async function newestIds(filter: QueryFilter<AssetFields>, most: number): Promise<Types.ObjectId[]> {
  const assets = await Asset.find(filter, { _id: 1 })
    .sort(sortBy(SORTS.newest))
    .limit(most)
    .maxTimeMS(MAX_READ_MS)
    .lean()
  return assets.map(({ _id }) => _id)
}

/** Returns the ids of the newest of these assets that are not locked. */
export const changeableTagged = (assets: Tagged, now: Date, most: number): Promise<Types.ObjectId[]> =>
  newestIds(unlocked(assets, now), most)

/** Returns the ids of the newest of these assets that are locked. */
export const lockedTagged = (assets: Tagged, now: Date, most: number): Promise<Types.ObjectId[]> =>
  newestIds({ $and: [tagged(assets), { $nor: [notLocked(now)] }] }, most)

/** Returns how many of these assets are not locked. */
export const countChangeableTagged = (assets: Tagged, now: Date): Promise<number> =>
  Asset.countDocuments(unlocked(assets, now), { maxTimeMS: MAX_READ_MS }).exec()

/** Returns whether there is one of these assets. */
export const isTagged = async (assets: Tagged): Promise<boolean> =>
  (await newestIds(tagged(assets), 1)).length > 0
