import { type Model, model, type QueryFilter, Schema, type Types } from 'mongoose'
import { databaseTime } from './database-time.ts'
import type { Stored } from './stored.ts'

const definition = {
  _id: { type: String, required: true },
  owner: { type: Schema.Types.ObjectId, required: true },
  asset: { type: Schema.Types.ObjectId, required: true },
  /** The keys of all objects of this upload begin with it. */
  prefix: { type: String, required: true },
  createdAt: { type: Date, required: true },
  /** The time of the database, because the clocks of processes can differ. */
  heartbeatAt: { type: Date, required: true },
} as const

/** The record of an upload, written before its first byte. A sweep uses it to undo or finish the upload. */
export type UploadFields = Stored<typeof definition>

export type NewUpload = Omit<UploadFields, 'createdAt' | 'heartbeatAt'>

interface UploadModel extends Model<UploadFields> {
  begin(upload: NewUpload): Promise<void>
  recordHeartbeat(id: string): Promise<void>
  isAny(filter: QueryFilter<UploadFields>): Promise<boolean>
  idsOf(owner: Types.ObjectId): Promise<Set<string>>
  findAssetIds(ids: string[]): Promise<Map<string, Types.ObjectId>>
  deleteRecord(id: string): Promise<void>
  findStale(staleMs: number, filter?: QueryFilter<UploadFields>): Promise<UploadFields[]>
}

const schema = new Schema<UploadFields, UploadModel>(definition, {
  collection: 'uploads',
  versionKey: false,
  statics: {
    /** Creates the record of an upload that begins now. */
    async begin({ _id, ...upload }: NewUpload): Promise<void> {
      const now = { createdAt: true, heartbeatAt: true } as const
      await Upload.updateOne({ _id }, { $setOnInsert: upload, $currentDate: now }, { upsert: true })
    },

    async recordHeartbeat(id: string): Promise<void> {
      await Upload.updateOne({ _id: id }, { $currentDate: { heartbeatAt: true } })
    },

    /** Returns whether an upload matches the filter. */
    async isAny(filter: QueryFilter<UploadFields>): Promise<boolean> {
      return (await Upload.exists(filter)) !== null
    },

    /** Returns the ids of an owner's uploads. */
    async idsOf(owner: Types.ObjectId): Promise<Set<string>> {
      const uploads = await Upload.find({ owner }, { _id: 1 }).lean()
      return new Set(uploads.map(({ _id }) => _id))
    },

    /** Returns a map from the given ids to the assets of their uploads. Ids without a record are left out. */
    async findAssetIds(ids: string[]): Promise<Map<string, Types.ObjectId>> {
      const uploads = await Upload.find({ _id: { $in: ids } }, { asset: 1 }).lean()
      return new Map(uploads.map(({ _id, asset }) => [_id, asset]))
    },

    /** Deletes the record of an upload that was settled or undone. */
    async deleteRecord(id: string): Promise<void> {
      await Upload.deleteOne({ _id: id })
    },

    /** Returns the uploads that had no heartbeat for `staleMs` milliseconds. */
    async findStale(staleMs: number, filter: QueryFilter<UploadFields> = {}): Promise<UploadFields[]> {
      const now = await databaseTime()
      return Upload.find({ ...filter, heartbeatAt: { $lt: new Date(now.getTime() - staleMs) } }).lean()
    },
  },
})
schema.index({ heartbeatAt: 1 })
schema.index({ owner: 1 })

export const Upload = model<UploadFields, UploadModel>('Upload', schema)
