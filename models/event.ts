import mongoose, { type Model, model, Schema, Types } from 'mongoose'
import { afterPosition, type Order, type Position, sortBy, toPage } from './plugins/page.ts'

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
  'link.updated',
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

/** The object of an action. */
export interface Target {
  type: (typeof TARGET_TYPES)[number]
  id: string
}

export type Details = Record<string, string | number | boolean | null>

const KINDS = ['asset.created', 'asset.updated', 'asset.deleted', 'space'] as const

/** A change as subscribers learn of it, without the new values. They get the state that they can read when it is sent. */
export interface Change {
  kind: (typeof KINDS)[number]
  /** Null if only the owner's space changed. */
  asset: Types.ObjectId | null
  /** Null in changes of a deleted account. */
  owner: Types.ObjectId | null
  /**
   * The readers whom the change concerns, in the form of `readers` of assets; null: all users who can read the asset.
   * Lists of changes contain only changes with this field.
   */
  readers: string[] | null
  /** The readers before and after the change; null if it changes none of them. */
  readersBefore: string[] | null
  readersAfter: string[] | null
  /** Whether the owner's space changed. */
  space: boolean
}

/** An action as activity lists show it. */
export interface Activity {
  _id: Types.ObjectId
  at: Date
  action: Action
  /** The account that did it, or that a sign-in named. Null when no account is known. */
  user: Types.ObjectId | null
  target: Target | null
  address: string | null
  userAgent: string | null
  requestId: string | null
  details: Details
}

/**
 * The record of a change or of an action, and often of both. Fields without a value are missing: a record without
 * `action` is in no activity list, one without `kind` is no change for subscribers.
 */
export interface EventFields extends Partial<Omit<Activity, '_id' | 'at'>>, Partial<Change> {
  _id: Types.ObjectId
  /** Time of the service. */
  at: Date
  /** Time of the database. Only changes have it. */
  storedAt?: Date
  /** The process that made the change. */
  processId?: string
  /** The accounts whose activity list contains it: the one that did it and the one that it concerns. */
  accounts?: Types.ObjectId[]
  expiresAt: Date
}

interface Page {
  activities: Activity[]
  next: Position | null
}

interface PageRequest {
  /** Only activities of this account; absent: of all accounts. */
  account?: Types.ObjectId
  now: Date
  limit: number
  from: Position | undefined
}

interface EventModel extends Model<EventFields> {
  record(event: Omit<EventFields, '_id' | 'storedAt'> & { _id?: Types.ObjectId }): Promise<void>
  changesOfOtherProcesses(processId: string, since: Date): Promise<(EventFields & StoredChange)[]>
  page(request: PageRequest): Promise<Page>
  allActivities(): AsyncIterable<EventFields>
  forget(user: Types.ObjectId): Promise<void>
}

type StoredChange = Change & { storedAt: Date }

const NEWEST: Order = { field: 'at', direction: -1 }
const IS_ACTIVITY = { action: { $exists: true } } as const

/** Time for which a change is kept that no list contains, in seconds. Every process reads it much earlier. */
const PASSING_CHANGE_SECONDS = 300
/** Time for which lists contain a change, in milliseconds. */
export const CHANGES_MS = 30 * 24 * 3_600_000
/** Time for which a change is kept after lists no longer contain it, in milliseconds: more than clocks differ. */
const CHANGES_MARGIN_MS = 24 * 3_600_000
/**
 * Longest time in which a change must be stored, in milliseconds. One that took longer is stored again with a new time,
 * because a list can have ended after its first time. Lists end `CHANGES_LAG_MS` before the present.
 */
const STORE_MS = 1000
/** Most attempts to store a change in time. */
const STORE_ATTEMPTS = 10

/** Returns when a change that is no activity expires. The database compares it with its own clock. */
export const changeExpiry = (isListed: boolean) =>
  new Date(Date.now() + (isListed ? CHANGES_MS + CHANGES_MARGIN_MS : PASSING_CHANGE_SECONDS * 1000))

/**
 * The collection in which processes of the previous release record activities. It is read until the migration has copied
 * it. The next release removes it.
 */
export const FORMER_ACTIVITIES = 'activities'
const formerActivities = () => mongoose.connection.collection<EventFields>(FORMER_ACTIVITIES)

/** Reads the activities that are not copied yet. */
export const readFormerActivities = (): AsyncIterable<EventFields> => formerActivities().find()

/** No defaults: a field without a value is not stored. */
const absent = { default: undefined }

const schema = new Schema<EventFields, EventModel>(
  {
    at: { type: Date, required: true },
    storedAt: Date,
    processId: String,
    action: { type: String, enum: ACTIONS },
    kind: { type: String, enum: KINDS },
    user: Schema.Types.ObjectId,
    accounts: { type: [Schema.Types.ObjectId], ...absent },
    asset: Schema.Types.ObjectId,
    owner: Schema.Types.ObjectId,
    readers: { type: [String], ...absent },
    readersBefore: { type: [String], ...absent },
    readersAfter: { type: [String], ...absent },
    space: Boolean,
    target: Schema.Types.Mixed,
    address: String,
    userAgent: String,
    requestId: String,
    details: Schema.Types.Mixed,
    expiresAt: { type: Date, required: true },
  },
  {
    collection: 'events',
    versionKey: false,
    minimize: false,
    statics: {
      /**
       * Stores an event, a change with the time of the database. Can be repeated with the same id.
       *
       * @throws when the database needs too long
       */
      async record({
        _id = new Types.ObjectId(),
        ...event
      }: Omit<EventFields, '_id' | 'storedAt'> & { _id?: Types.ObjectId }): Promise<void> {
        for (let attempt = 0; attempt < STORE_ATTEMPTS; attempt += 1) {
          const begun = performance.now()
          // the driver's own call takes half as long as Mongoose's
          await Event.collection.updateOne(
            { _id },
            { $set: event, ...(event.kind ? { $currentDate: { storedAt: true } } : {}) },
            { upsert: true, ignoreUndefined: true },
          )
          if (!event.readers || performance.now() - begun < STORE_MS) return
        }
        throw new Error(`an event could not be stored in ${STORE_MS} ms`)
      },

      /** Returns the changes that other processes recorded since a time, oldest first. */
      async changesOfOtherProcesses(processId: string, since: Date): Promise<(EventFields & StoredChange)[]> {
        const found = await Event.find({ storedAt: { $gte: since }, processId: { $ne: processId } })
          .sort({ storedAt: 1, _id: 1 })
          .lean()
        return found.flatMap((event) => {
          const { kind, storedAt } = event
          if (!kind || !storedAt) return []
          return [{ ...NO_CHANGE, ...event, kind, storedAt }]
        })
      },

      /** Returns a page of activities, newest first. Skips expired ones that the database has not deleted yet. */
      async page({ account, now, limit, from }: PageRequest): Promise<Page> {
        const wanted = {
          ...IS_ACTIVITY,
          ...(account ? { accounts: account } : {}),
          expiresAt: { $gt: now },
          ...(from ? afterPosition(NEWEST, from) : {}),
        }
        const order = sortBy(NEWEST)
        const most = limit + 1
        // In this order: the migration stores the copy of an activity before it deletes the former one.
        const former = await formerActivities().find(wanted).sort(order).limit(most).toArray()
        const found = await Event.find(wanted).sort(order).limit(most).lean()
        const { items, next } = toPage(newestOf([...former, ...found]), NEWEST, limit)
        return { activities: items.flatMap(toActivity), next }
      },

      /** Reads all activities. */
      allActivities(): AsyncIterable<EventFields> {
        return Event.find(IS_ACTIVITY).lean().cursor()
      },

      /**
       * Deletes the activities of a deleted account. Lasting ones stay, without address and user agent. A change stays
       * for other readers as long as other changes, without the activity.
       */
      async forget(user: Types.ObjectId): Promise<void> {
        const theirs = { ...IS_ACTIVITY, accounts: user, user }
        const passing = { ...theirs, action: { $exists: true, $nin: [...LASTING_ACTIONS] } }
        const anonymous = { $set: { address: null, userAgent: null } }
        // First the former collection: the migration copies from there.
        await formerActivities().deleteMany(passing)
        await formerActivities().updateMany(theirs, anonymous)
        await Event.deleteMany({ ...passing, kind: { $exists: false } })
        for (const isListed of [true, false])
          await Event.updateMany(
            { ...passing, readers: { $exists: isListed } },
            { $unset: ACTIVITY_ONLY, $set: { expiresAt: changeExpiry(isListed) } },
          )
        await Event.updateMany(theirs, anonymous)
      },
    },
  },
)
schema.index({ accounts: 1, at: -1, _id: -1 }, { partialFilterExpression: IS_ACTIVITY })
schema.index({ at: -1, _id: -1 }, { partialFilterExpression: IS_ACTIVITY })
schema.index({ storedAt: 1 }, { sparse: true })
schema.index({ readers: 1, storedAt: 1, _id: 1 }, { partialFilterExpression: { readers: { $exists: true } } })
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 })

/** A change without the fields that it has no values for. */
const NO_CHANGE = {
  ...{ asset: null, owner: null, readers: null, readersBefore: null, readersAfter: null, space: false },
} as const

export const Event = model<EventFields, EventModel>('Event', schema)

/** The fields that only activities have. */
const ACTIVITY_ONLY = {
  action: 1,
  user: 1,
  accounts: 1,
  target: 1,
  address: 1,
  userAgent: 1,
  requestId: 1,
  details: 1,
} as const

/** Returns events newest first, each once. */
function newestOf(events: EventFields[]): EventFields[] {
  const byId = new Map(events.map((event) => [event._id.toString(), event]))
  return [...byId.entries()]
    .sort(([a, one], [b, other]) => other.at.getTime() - one.at.getTime() || (a < b ? 1 : -1))
    .map(([, event]) => event)
}

function toActivity(event: EventFields): Activity[] {
  const { _id, at, action, details = {} } = event
  const { user = null, target = null, address = null, userAgent = null, requestId = null } = event
  return action ? [{ _id, at, action, user, target, address, userAgent, requestId, details }] : []
}
