import { type Model, model, Schema, type Types } from 'mongoose'
import { afterPosition, type Order, type Position, sortBy, toPage } from './plugins/page.ts'
import type { Stored } from './stored.ts'

/** Actions of users that are recorded. */
const USER_ACTIONS = [
  'account.registered',
  'account.deleted',
  'login.succeeded',
  'login.failed',
  'password.changed',
  'password.refused',
  'session.ended',
  'session.revoked',
  'collaborator.set',
  'collaborator.removed',
  'link.created',
  'link.revoked',
  'lock.set',
  'lock.released',
  'asset.visibility_changed',
  'asset.deleted',
  'project.deleted',
] as const

/** Actions of admins on the data of other users. */
const ADMIN_ACTIONS = ['user.changed', 'user.deleted', 'asset.taken_down', 'lock.lifted'] as const

export const ACTIONS = [...USER_ACTIONS, ...ADMIN_ACTIONS] as const
export type Action = (typeof ACTIONS)[number]

/** Actions that stay recorded after the account that did them is deleted. */
const LASTING_ACTIONS: readonly Action[] = [...ADMIN_ACTIONS, 'account.deleted']

export const TARGET_TYPES = ['asset', 'link', 'project', 'session', 'user'] as const

const target = {
  type: { type: String, enum: TARGET_TYPES, required: true },
  id: { type: String, required: true },
} as const

/** The object of an action. */
export type Target = Omit<Stored<typeof target>, '_id'>

export type Details = Record<string, string | number | boolean | null>

const definition = {
  at: { type: Date, required: true },
  action: { type: String, enum: ACTIONS, required: true },
  /** The account that did it, or that a sign-in named. Null when no account is known. */
  user: { type: Schema.Types.ObjectId, default: null },
  /** The accounts whose activity list contains it: the one that did it and the one that it concerns. */
  accounts: { type: [Schema.Types.ObjectId], default: [] as Types.ObjectId[] },
  target: { type: new Schema<Target>(target, { _id: false, id: false }), default: null },
  address: { type: String, default: null },
  userAgent: { type: String, default: null },
  requestId: { type: String, default: null },
  details: { type: Schema.Types.Mixed, default: {} },
  expiresAt: { type: Date, required: true },
} as const

export type ActivityFields = Omit<Stored<typeof definition>, 'details'> & { details: Details }

interface Page {
  activities: ActivityFields[]
  next: Position | null
}

interface PageRequest {
  /** Only activities of this account; absent: of all accounts. */
  account?: Types.ObjectId
  now: Date
  limit: number
  from: Position | undefined
}

interface ActivityModel extends Model<ActivityFields> {
  page(request: PageRequest): Promise<Page>
  all(): AsyncIterable<ActivityFields>
  forget(user: Types.ObjectId): Promise<void>
}

const NEWEST: Order = { field: 'at', direction: -1 }

const schema = new Schema<ActivityFields, ActivityModel>(definition, {
  collection: 'activities',
  versionKey: false,
  minimize: false,
  statics: {
    /** Returns a page of activities, newest first. Skips expired ones that the database has not deleted yet. */
    async page({ account, now, limit, from }: PageRequest): Promise<Page> {
      const found = await this.find({
        ...(account ? { accounts: account } : {}),
        expiresAt: { $gt: now },
        ...(from ? afterPosition(NEWEST, from) : {}),
      })
        .sort(sortBy(NEWEST))
        .limit(limit + 1)
        .lean()
      const { items: activities, next } = toPage(found, NEWEST, limit)
      return { activities, next }
    },

    /** Reads all activities. */
    all(): AsyncIterable<ActivityFields> {
      return Activity.find().lean().cursor()
    },

    /** Deletes the activities of a deleted account. Lasting ones stay, without address and user agent. */
    async forget(user: Types.ObjectId): Promise<void> {
      const theirs = { accounts: user, user }
      await this.deleteMany({ ...theirs, action: { $nin: [...LASTING_ACTIONS] } })
      await this.updateMany(theirs, { $set: { address: null, userAgent: null } })
    },
  },
})
schema.index({ accounts: 1, at: -1, _id: -1 })
schema.index({ at: -1, _id: -1 })
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 })

export const Activity = model<ActivityFields, ActivityModel>('Activity', schema)
