import { type Model, model, type QueryFilter, Schema, type Types } from 'mongoose'
import { databaseTime } from './database-time.ts'

/** The intent to store something, written before the first byte: what a sweep needs to undo or finish it. */
export interface UploadFields {
  _id: string
  owner: Types.ObjectId
  asset: Types.ObjectId
  /** Every object of this upload has a key that begins with this. */
  prefix: string
  createdAt: Date
  /** By the clock of the database: those of the processes may differ. */
  heartbeatAt: Date
}

export type NewUpload = Omit<UploadFields, 'createdAt' | 'heartbeatAt'>

interface UploadModel extends Model<UploadFields> {
  begin(upload: NewUpload): Promise<void>
  beat(id: string): Promise<void>
  findDead(staleMs: number, filter?: QueryFilter<UploadFields>): Promise<UploadFields[]>
}

const schema = new Schema<UploadFields, UploadModel>(
  {
    _id: { type: String, required: true },
    owner: { type: Schema.Types.ObjectId, required: true },
    asset: { type: Schema.Types.ObjectId, required: true },
    prefix: { type: String, required: true },
    createdAt: { type: Date, required: true },
    heartbeatAt: { type: Date, required: true },
  },
  {
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
  },
)
schema.index({ heartbeatAt: 1 })
schema.index({ owner: 1 })

export const Upload = model<UploadFields, UploadModel>('Upload', schema)
