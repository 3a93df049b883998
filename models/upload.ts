import { type Model, model, type QueryFilter, Schema, type Types } from 'mongoose'
import { databaseTime } from './database-time.ts'
import type { Stored } from './stored.ts'

const definition = {
  _id: { type: String, required: true },
  owner: { type: Schema.Types.ObjectId, required: true },
  asset: { type: Schema.Types.ObjectId, required: true },
  /** The beginning of the key of every object of this upload. */
  prefix: { type: String, required: true },
  createdAt: { type: Date, required: true },
  /** By the clock of the database: those of the processes may differ. */
  heartbeatAt: { type: Date, required: true },
} as const

/** The record of an upload, written before its first byte: a sweep needs it to undo or finish the upload. */
export type UploadFields = Stored<typeof definition>

export type NewUpload = Omit<UploadFields, 'createdAt' | 'heartbeatAt'>

interface UploadModel extends Model<UploadFields> {
  begin(upload: NewUpload): Promise<void>
  beat(id: string): Promise<void>
  isAny(filter: QueryFilter<UploadFields>): Promise<boolean>
  idsOf(owner: Types.ObjectId): Promise<Set<string>>
  knownAmong(ids: string[]): Promise<Map<string, Types.ObjectId>>
  forget(id: string): Promise<void>
  findDead(staleMs: number, filter?: QueryFilter<UploadFields>): Promise<UploadFields[]>
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

    /** Records the heartbeat of an upload. */
    async beat(id: string): Promise<void> {
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

    /** Returns the assets of those of these uploads that have a record, by their ids. */
    async knownAmong(ids: string[]): Promise<Map<string, Types.ObjectId>> {
      const uploads = await Upload.find({ _id: { $in: ids } }, { asset: 1 }).lean()
      return new Map(uploads.map(({ _id, asset }) => [_id, asset]))
    },

    /** Deletes the record of an upload that is settled or undone. */
    async forget(id: string): Promise<void> {
      await Upload.deleteOne({ _id: id })
    },

    /** Returns the uploads without a heartbeat for this time in milliseconds. */
    async findDead(staleMs: number, filter: QueryFilter<UploadFields> = {}): Promise<UploadFields[]> {
      const now = await databaseTime()
      return Upload.find({ ...filter, heartbeatAt: { $lt: new Date(now.getTime() - staleMs) } }).lean()
    },
  },
})
schema.index({ heartbeatAt: 1 })
schema.index({ owner: 1 })

export const Upload = model<UploadFields, UploadModel>('Upload', schema)
