import { type Model, model, type QueryFilter, Schema } from 'mongoose'
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
  findDead(staleMs: number, filter?: QueryFilter<UploadFields>): Promise<UploadFields[]>
}

const schema = new Schema<UploadFields, UploadModel>(definition, {
  collection: 'uploads',
  versionKey: false,
  statics: {
    /** Writes the record of an upload that begins now. */
    async begin({ _id, ...upload }: NewUpload): Promise<void> {
      const now = { createdAt: true, heartbeatAt: true } as const
      await Upload.updateOne({ _id }, { $setOnInsert: upload, $currentDate: now }, { upsert: true })
    },

    /** Says that the upload is alive. */
    async beat(id: string): Promise<void> {
      await Upload.updateOne({ _id: id }, { $currentDate: { heartbeatAt: true } })
    },

    /** Uploads that have not said so for a time in milliseconds. */
    async findDead(staleMs: number, filter: QueryFilter<UploadFields> = {}): Promise<UploadFields[]> {
      const now = await databaseTime()
      return Upload.find({ ...filter, heartbeatAt: { $lt: new Date(now.getTime() - staleMs) } }).lean()
    },
  },
})
schema.index({ heartbeatAt: 1 })
schema.index({ owner: 1 })

export const Upload = model<UploadFields, UploadModel>('Upload', schema)
