import { type Model, model, Schema, Types } from 'mongoose'
import type { Stored } from './stored.ts'

const definition = {
  /** Time of the database. */
  at: { type: Date, required: true },
  /** The process that made the change. */
  processId: { type: String, required: true },
  kind: { type: String, enum: ['asset.created', 'asset.updated', 'asset.deleted', 'space'], required: true },
  /** Null if only the owner's space changed. */
  asset: { type: Schema.Types.ObjectId, default: null },
  owner: { type: Schema.Types.ObjectId, required: true },
  /** The recipients, in the form of an asset's `readers`; null: all users who can read the asset. */
  readers: { type: [String], default: null },
  /** Whether the owner's space changed. */
  space: { type: Boolean, required: true },
} as const

/**
 * Records that something changed, without the new values. Subscribers get the state that they can read when the event
 * is sent.
 */
export type ChangeFields = Stored<typeof definition>

export type NewChange = Omit<ChangeFields, '_id' | 'at' | 'processId'>

interface ChangeModel extends Model<ChangeFields> {
  record(processId: string, change: NewChange): Promise<void>
  ofOtherProcesses(processId: string, since: Date): Promise<ChangeFields[]>
}

/** Time for which the records of changes are kept, in seconds. Every process reads them much earlier. */
const KEPT_SECONDS = 300

const schema = new Schema<ChangeFields, ChangeModel>(definition, {
  collection: 'changes',
  versionKey: false,
  statics: {
    /** Records a change with the time of the database. */
    async record(processId: string, change: NewChange): Promise<void> {
      await Change.updateOne(
        { _id: new Types.ObjectId() },
        { $setOnInsert: { processId, ...change }, $currentDate: { at: true } },
        { upsert: true },
      )
    },

    /** Returns the changes that other processes recorded since a time, oldest first. */
    ofOtherProcesses(processId: string, since: Date): Promise<ChangeFields[]> {
      return Change.find({ at: { $gte: since }, processId: { $ne: processId } })
        .sort({ at: 1, _id: 1 })
        .lean()
        .exec()
    },
  },
})
schema.index({ at: 1 }, { expireAfterSeconds: KEPT_SECONDS })

export const Change = model<ChangeFields, ChangeModel>('Change', schema)
