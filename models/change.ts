import { type Model, model, Schema, Types } from 'mongoose'

export const CHANGE_KINDS = ['asset.created', 'asset.updated', 'asset.deleted', 'space'] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** Says that something changed, not what. Subscribers get the state that they can read when the event is sent. */
export interface NewChange {
  kind: ChangeKind
  /** Null if only the owner's space changed. */
  asset: Types.ObjectId | null
  owner: Types.ObjectId
  /** The only recipients, in the form of an asset's `readers`; null: all users who can read the asset. */
  readers: string[] | null
  /** Whether the owner's space changed. */
  space: boolean
}

export interface ChangeFields extends NewChange {
  _id: Types.ObjectId
  /** Time of the database. */
  at: Date
  /** The process that made the change. */
  processId: string
}

interface ChangeModel extends Model<ChangeFields> {
  record(processId: string, change: NewChange): Promise<void>
  findOfOtherProcesses(processId: string, since: Date): Promise<ChangeFields[]>
}

/** How long changes are kept, in seconds. Every process reads them much earlier. */
const KEPT_SECONDS = 300

const schema = new Schema<ChangeFields, ChangeModel>(
  {
    at: { type: Date, required: true },
    processId: { type: String, required: true },
    kind: { type: String, enum: CHANGE_KINDS, required: true },
    asset: { type: Schema.Types.ObjectId, default: null },
    owner: { type: Schema.Types.ObjectId, required: true },
    readers: { type: [String], default: null },
    space: { type: Boolean, required: true },
  },
  {
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
      findOfOtherProcesses(processId: string, since: Date): Promise<ChangeFields[]> {
        return Change.find({ at: { $gte: since }, processId: { $ne: processId } })
          .sort({ at: 1, _id: 1 })
          .lean()
          .exec()
      },
    },
  },
)
schema.index({ at: 1 }, { expireAfterSeconds: KEPT_SECONDS })

export const Change = model<ChangeFields, ChangeModel>('Change', schema)
