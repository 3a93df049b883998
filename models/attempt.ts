import { model, Schema } from 'mongoose'

/** The points of a rate limiter's key. rate-limiter-flexible writes them. This model declares the indexes. */
const schema = new Schema(
  {
    key: { type: String, required: true },
    points: { type: Number, required: true },
    expire: { type: Date, required: true },
  },
  {
    collection: 'attempts',
    versionKey: false,
    statics: {
      /** Subtracts one point. The library's `reward` would start a new window below zero after the old one expired. */
      async giveBack(key: string): Promise<void> {
        await this.updateOne({ key, points: { $gt: 0 } }, { $inc: { points: -1 } })
      },
    },
  },
)
schema.index({ key: 1 }, { unique: true })
schema.index({ expire: -1 }, { expireAfterSeconds: 0 })

export const Attempt = model('Attempt', schema)
