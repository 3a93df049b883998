import { type Model, model, Schema, type Types } from 'mongoose'
import { ACTIONS, type Action, LASTING_ACTIONS } from './activity-actions.ts'
import { after, cut, type Order, type Position, sortBy } from './plugins/page.ts'

export const TARGET_TYPES = ['asset', 'link', 'project', 'session', 'user'] as const
type TargetType = (typeof TARGET_TYPES)[number]

/** What an act was done to. */
export interface Target {
  type: TargetType
  id: string
}

export type Details = Record<string, string | number | boolean | null>

export interface ActivityFields {
  _id: Types.ObjectId
  at: Date
  action: Action
  /** Who did it, or with whose account it was tried; null for nobody we know. */
  user: Types.ObjectId | null
  /** In whose activity it is: who did it, and to whom it was done. */
  accounts: Types.ObjectId[]
  target: Target | null
  address: string | null
  userAgent: string | null
  requestId: string | null
  details: Details
  expiresAt: Date
}

interface Page {
  activities: ActivityFields[]
  next: Position | null
}

interface PageRequest {
  /** Only what is in this account's activity; absent: everything. */
  account?: Types.ObjectId
  now: Date
  limit: number
  from: Position | undefined
}

interface ActivityModel extends Model<ActivityFields> {
  page(request: PageRequest): Promise<Page>
  forget(user: Types.ObjectId): Promise<void>
}

const NEWEST: Order = { field: 'at', direction: -1 }

const targetSchema = new Schema<Target>(
  {
    type: { type: String, enum: TARGET_TYPES, required: true },
    id: { type: String, required: true },
  },
  { _id: false, id: false },
)

const schema = new Schema<ActivityFields, ActivityModel>(
  {
    at: { type: Date, required: true },
    action: { type: String, enum: ACTIONS, required: true },
    user: { type: Schema.Types.ObjectId, default: null },
    accounts: { type: [Schema.Types.ObjectId], default: [] },
    target: { type: targetSchema, default: null },
    address: { type: String, default: null },
    userAgent: { type: String, default: null },
    requestId: { type: String, default: null },
    details: { type: Schema.Types.Mixed, default: {} },
    expiresAt: { type: Date, required: true },
  },
  {
    collection: 'activities',
    versionKey: false,
    minimize: false,
    statics: {
      /** What is kept still, newest first; by the clock, whatever the database's own sweep has done yet. */
      async page({ account, now, limit, from }: PageRequest): Promise<Page> {
        const found = await this.find({
          ...(account ? { accounts: account } : {}),
          expiresAt: { $gt: now },
          ...(from ? after(NEWEST, from) : {}),
        })
          .sort(sortBy(NEWEST))
          .limit(limit + 1)
          .lean()
        const { items: activities, next } = cut(found, NEWEST, limit)
        return { activities, next }
      },

      /** Of somebody who is gone: only acts that others must be able to look up stay, without from where. */
      async forget(user: Types.ObjectId): Promise<void> {
        const theirs = { accounts: user, user }
        await this.deleteMany({ ...theirs, action: { $nin: [...LASTING_ACTIONS] } })
        await this.updateMany(theirs, { $set: { address: null, userAgent: null } })
      },
    },
  },
)
schema.index({ accounts: 1, at: -1, _id: -1 })
schema.index({ at: -1, _id: -1 })
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 })

export const Activity = model<ActivityFields, ActivityModel>('Activity', schema)
