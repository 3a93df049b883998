import { type Model, model, Schema, Types } from 'mongoose'

export const CHANGE_KINDS = ['asset.created', 'asset.updated', 'asset.deleted', 'space'] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** That something has changed: not what. Who is told reads it anew, under the rules of that moment. */
export interface NewChange {
  kind: ChangeKind
  /** Null for a change of the owner's space alone. */
  asset: Types.ObjectId | null
  owner: Types.ObjectId
  /** Whom it concerns alone, as an asset's `readers`: those of a deleted asset; null: whoever may read it. */
  readers: string[] | null
  /** Whether the owner's space is another now. */
  space: boolean
}

export interface ChangeFields extends NewChange {
  _id: Types.ObjectId
  /** By the clock of the database. */
  at: Date
  /** The process that made it. */
  processId: string
}

interface ChangeModel extends Model<ChangeFields> {
  record(processId: string, change: NewChange): Promise<void>
  ofOthers(processId: string, since: Date): Promise<ChangeFields[]>
}

/** Longer than any process takes to read them. */
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
      async record(processId: string, change: NewChange): Promise<void> {
        await Change.updateOne(
          { _id: new Types.ObjectId() },
          { $setOnInsert: { processId, ...change }, $currentDate: { at: true } },
          { upsert: true },
        )
      },

      /** What other processes have recorded from a time on, oldest first. */
      ofOthers(processId: string, since: Date): Promise<ChangeFields[]> {
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
