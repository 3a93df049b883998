import { model, Schema } from 'mongoose'

/** How often something was tried of late, by whom; the rate limiters write it, this model declares its indexes. */
interface AttemptFields {
  key: string
  points: number
  expire: Date
}

const schema = new Schema<AttemptFields>(
  { key: { type: String, required: true }, points: { type: Number, required: true }, expire: { type: Date } },
  { collection: 'attempts', versionKey: false },
)
schema.index({ key: 1 }, { unique: true })
schema.index({ expire: -1 }, { expireAfterSeconds: 0 })

export const Attempt = model<AttemptFields>('Attempt', schema)
