import mongoose, { type mongo, type Types } from 'mongoose'
import { databaseNow } from './database-time.ts'
import { User, type UserFields } from './user.ts'

/** The record of an upload. A sweep uses it to undo or finish the upload. */
export interface UploadRecord {
  id: string
  owner: Types.ObjectId
  asset: Types.ObjectId | undefined
  /** Whether the upload creates the asset. */
  isNew: boolean
  /** The prefix of the keys of the owner's objects; null when the owner has none. */
  location: string | null
  /** Whether a process of an earlier release stored it, in the collection `uploads`. Missing is false. */
  isEarlier?: boolean
}

type Uploader = Pick<UserFields, '_id' | 'location' | 'space'>

/** The record of an upload by an earlier release, in the collection `uploads`. */
interface EarlierRecord {
  _id: string
  owner: Types.ObjectId
  asset: Types.ObjectId
  heartbeatAt: Date
}

const earlier = () => mongoose.connection.collection<EarlierRecord>('uploads')

/** Matches users with running uploads. Served by the index on the heartbeats. */
const UPLOADING = { 'space.uploads.heartbeatAt': { $gte: new Date(0) } }

/** Returns the uploads that had no heartbeat for `staleMs` milliseconds: all, or those that one owner's space counts. */
export async function staleUploads(staleMs: number, owner?: Types.ObjectId): Promise<UploadRecord[]> {
  const before = new Date((await databaseNow()).getTime() - staleMs)
  const isStale = ({ heartbeatAt }: { heartbeatAt?: Date }) => !heartbeatAt || heartbeatAt < before
  const filter = { 'space.uploads.heartbeatAt': { $lt: before }, ...(owner ? { _id: owner } : {}) }
  const users = await User.find(filter, { location: 1, 'space.uploads': 1 }).lean<Uploader[]>()
  const uploads = users.flatMap(({ _id, location, space }) =>
    space.uploads
      .filter(isStale)
      .map(({ id, asset, createsAsset: isNew = false }) => ({ id, owner: _id, asset, isNew, location })),
  )
  return [
    ...uploads,
    ...(await earlierUploads({ heartbeatAt: { $lt: before }, ...(owner ? { owner } : {}) })),
  ]
}

async function earlierUploads(filter: mongo.Filter<EarlierRecord>): Promise<UploadRecord[]> {
  const records = await earlier().find(filter).toArray()
  return Promise.all(
    records.map(async ({ _id: id, owner, asset }) => {
      const location = await User.locationOf(owner)
      return { id, owner, asset, isNew: false, location, isEarlier: true }
    }),
  )
}

/** Returns the running uploads that an owner's space counts. */
export async function uploadsOf(
  owner: Types.ObjectId,
): Promise<Pick<UploadRecord, 'id' | 'asset' | 'isNew'>[]> {
  const user = await User.findById(owner, { 'space.uploads': 1 }).lean<Uploader>()
  const records = await earlier().find({ owner }).toArray()
  return [
    ...(user?.space?.uploads ?? []).map(({ id, asset, createsAsset: isNew = false }) => ({
      id,
      asset,
      isNew,
    })),
    ...records.map(({ _id, asset }) => ({ id: _id, asset, isNew: false })),
  ]
}

/** Returns the ids of the running uploads that the space of these owners counts. */
export async function uploadIdsOf(owners: Types.ObjectId[]): Promise<string[]> {
  const users = await User.find({ _id: { $in: owners } }, { 'space.uploads.id': 1 }).lean<Uploader[]>()
  return users.flatMap(({ space }) => (space?.uploads ?? []).map(({ id }) => id))
}

/** Returns the ids of all running uploads. */
export async function runningUploadIds(): Promise<Set<string>> {
  const users = await User.find(UPLOADING, { 'space.uploads.id': 1 }).lean<Uploader[]>()
  const records = await earlier()
    .find({}, { projection: { _id: 1 } })
    .toArray()
  return new Set([
    ...users.flatMap(({ space }) => space.uploads.map(({ id }) => id)),
    ...records.map(({ _id }) => _id),
  ])
}

/** Returns a map from the ids of uploads by an earlier release to their assets. Ids without a record are left out. */
export async function earlierAssets(ids: string[]): Promise<Map<string, Types.ObjectId>> {
  const records = await earlier()
    .find({ _id: { $in: ids } })
    .toArray()
  return new Map(records.map(({ _id, asset }) => [_id, asset]))
}

/** Returns whether an upload by an earlier release can still create an asset. */
export const isCreatedByEarlier = async (asset: Types.ObjectId): Promise<boolean> =>
  (await earlier().findOne({ asset })) !== null

/** Deletes the records of uploads by an earlier release that were settled or undone. */
export async function deleteEarlierRecord(id: string): Promise<void> {
  await earlier().deleteOne({ _id: id })
}
