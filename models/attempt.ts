import { model, Schema } from 'mongoose'

/** How often something was tried of late, by whom; the rate limiters write it, this model declares its indexes. */
const schema = new Schema(
  {
    key: { type: String, required: true },
    points: { type: Number, required: true },
    expire: { type: Date, required: true },
  },
  { collection: 'attempts', versionKey: false },
)
schema.index({ key: 1 }, { unique: true })
schema.index({ expire: -1 }, { expireAfterSeconds: 0 })

export const Attempt = model('Attempt', schema)
