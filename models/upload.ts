import { type Model, model, Schema, type Types } from 'mongoose'

/** An upload is given up for dead after this long without a heartbeat. */
export const STALE_MS = 120_000

/** The intent to store something, written before the first byte: what a sweep needs to undo or finish it. */
export interface UploadFields {
  _id: string
  owner: Types.ObjectId
  asset: Types.ObjectId
  /** Every object of this upload has a key that begins with this. */
  prefix: string
  createdAt: Date
  heartbeatAt: Date
}

const schema = new Schema<UploadFields, Model<UploadFields>>(
  {
    _id: { type: String, required: true },
    owner: { type: Schema.Types.ObjectId, required: true },
    asset: { type: Schema.Types.ObjectId, required: true },
    prefix: { type: String, required: true },
    createdAt: { type: Date, required: true },
    heartbeatAt: { type: Date, required: true },
  },
  { collection: 'uploads', versionKey: false },
)
schema.index({ heartbeatAt: 1 })
schema.index({ owner: 1 })

export const Upload = model<UploadFields>('Upload', schema)
