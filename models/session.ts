import { randomBytes } from 'node:crypto'
import { type Model, model, Schema, Types } from 'mongoose'
import { isId } from './ids.ts'
import { afterPosition, type Order, type Position, sortBy, toPage } from './plugins/page.ts'

const MINUTE = 60_000
const DAY = 86_400_000
/** A session ends this long after it began, used or not. */
export const SESSION_MAX_MS = 30 * DAY
/** Sessions of a user at a time; a sign-in beyond that ends the oldest ones. */
export const SESSIONS_MAX = 100
/** Of what a client says of itself, in characters: more tells no more. */
export const USER_AGENT_MAX = 500

export interface SessionFields {
  _id: Types.ObjectId
  /** 128 random bits that the token of this session carries; sessions of earlier versions have none. */
  key?: string
  user: Types.ObjectId
  /** The user's `sessionEpoch` at sign-in; missing is 0. */
  epoch?: number
  createdAt: Date
  lastAccessAt: Date
  expiresAt: Date
  userAgent: string | null
  address: string | null
}

interface BeginOptions {
  user: Types.ObjectId
  epoch?: number
  now: Date
  idleMs: number
  userAgent: string | undefined
  address: string | undefined
}

interface SessionPage {
  sessions: SessionFields[]
  next: Position | null
}

/** The key of a session: 128 bits in base64url. */
const KEY = /^[\w-]{22}$/

/** Returns the id that the token of a session carries (`jti`, RFC 7519 section 4.1.7). */
export const tokenIdOf = ({ _id, key }: Pick<SessionFields, '_id' | 'key'>): string =>
  key ? `${_id.toString()}.${key}` : _id.toString()

const NEWEST: Order = { field: 'createdAt', direction: -1 }

interface SessionModel extends Model<SessionFields> {
  begin(options: BeginOptions): Promise<SessionFields>
  findLive(tokenId: string, now: Date): Promise<SessionFields | null>
  livingAmong(ids: Types.ObjectId[], now: Date): Promise<Map<string, Date>>
  touch(session: SessionFields, now: Date, idleMs: number): Promise<boolean>
  listLive(
    user: Types.ObjectId,
    now: Date,
    options: { limit: number; from: Position | undefined },
  ): Promise<SessionPage>
  isEnded(session: SessionFields, now?: Date): Promise<boolean>
  end(id: Types.ObjectId): Promise<void>
  revoke(id: string, user: Types.ObjectId): Promise<boolean>
  endOldest(user: Types.ObjectId, current: Types.ObjectId): Promise<void>
  endAll(user: Types.ObjectId, options?: { except: Types.ObjectId }): Promise<void>
}

const schema = new Schema<SessionFields, SessionModel>(
  {
    key: { type: String },
    user: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    epoch: { type: Number, default: 0 },
    createdAt: { type: Date, required: true },
    lastAccessAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
    userAgent: { type: String, default: null },
    address: { type: String, default: null },
  },
  {
    collection: 'sessions',
    versionKey: false,
    statics: {
      async begin({ user, epoch = 0, now, idleMs, userAgent, address }: BeginOptions) {
        const session: SessionFields = {
          _id: new Types.ObjectId(),
          key: randomBytes(16).toString('base64url'),
          user,
          epoch,
          createdAt: now,
          lastAccessAt: now,
          expiresAt: expiry(now, now, idleMs),
          userAgent: userAgent?.slice(0, USER_AGENT_MAX) ?? null,
          address: address ?? null,
        }
        await this.create(session)
        return session
      },

      /**
       * Returns the session of a token, or null for an id of another form and for a session that has ended by the
       * clock, whatever the database's own sweep has done yet.
       */
      async findLive(tokenId: string, now: Date) {
        const [id, key = null, ...others] = tokenId.split('.')
        if (!isId(id) || (key !== null && !KEY.test(key)) || others.length > 0) return null
        return this.findOne({ _id: id, key, expiresAt: { $gt: now } }).lean()
      },

      /** Returns those of these sessions that have not ended, by their ids: when each runs out if it is not used. */
      async livingAmong(ids: Types.ObjectId[], now: Date): Promise<Map<string, Date>> {
        const found = await this.find({ _id: { $in: ids }, expiresAt: { $gt: now } }, { expiresAt: 1 }).lean()
        return new Map(found.map(({ _id, expiresAt }) => [_id.toString(), expiresAt]))
      },

      /** Notes an access, at most once a minute; answers whether it was noted. */
      async touch(session: SessionFields, now: Date, idleMs: number) {
        if (now.getTime() - session.lastAccessAt.getTime() < MINUTE) return false
        session.lastAccessAt = now
        session.expiresAt = expiry(session.createdAt, now, idleMs)
        const { lastAccessAt, expiresAt } = session
        await this.updateOne({ _id: session._id }, { $max: { lastAccessAt, expiresAt } })
        return true
      },

      /** A user's sessions, newest first, from a position on. */
      async listLive(
        user: Types.ObjectId,
        now: Date,
        { limit, from }: { limit: number; from: Position | undefined },
      ): Promise<SessionPage> {
        const found = await this.find({
          user,
          expiresAt: { $gt: now },
          ...(from ? afterPosition(NEWEST, from) : {}),
        })
          .sort(sortBy(NEWEST))
          .limit(limit + 1)
          .lean()
        const { items: sessions, next } = toPage(found, NEWEST, limit)
        return { sessions, next }
      },

      /**
       * Returns whether a session that was read before has been ended since, by signing out or by its revocation.
       * One that ran out does not count: the database removes those too, by its own clock.
       */
      async isEnded({ _id, expiresAt }: SessionFields, now = new Date()) {
        return expiresAt > now && (await this.exists({ _id })) === null
      },

      async end(id: Types.ObjectId) {
        await this.deleteOne({ _id: id })
      },

      /** Ends a session of that user; false when there is none. */
      async revoke(id: string, user: Types.ObjectId) {
        if (!isId(id)) return false
        const { deletedCount } = await this.deleteOne({ _id: id, user })
        return deletedCount === 1
      },

      /**
       * Ends the oldest sessions of a user beyond 100, but not the current one. Each of many sign-ins at once keeps
       * its own session and the 99 newest others, so that no order of them leaves more.
       */
      async endOldest(user: Types.ObjectId, current: Types.ObjectId) {
        const others = { user, _id: { $ne: current } }
        const lastKept = await this.findOne(others, { createdAt: 1 })
          .sort(sortBy(NEWEST))
          .skip(SESSIONS_MAX - 2)
          .lean()
        if (!lastKept) return
        await this.deleteMany({ $and: [others, afterPosition(NEWEST, [lastKept.createdAt, lastKept._id])] })
      },

      /** Ends every session of a user, save one where one is named. */
      async endAll(user: Types.ObjectId, { except }: { except?: Types.ObjectId } = {}) {
        await this.deleteMany({ user, ...(except ? { _id: { $ne: except } } : {}) })
      },
    },
  },
)
schema.index({ user: 1, createdAt: -1, _id: -1 })
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 })

function expiry(createdAt: Date, lastAccessAt: Date, idleMs: number): Date {
  return new Date(Math.min(lastAccessAt.getTime() + idleMs, createdAt.getTime() + SESSION_MAX_MS))
}

export const Session = model<SessionFields, SessionModel>('Session', schema)
