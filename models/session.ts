import { randomBytes } from 'node:crypto'
import { type Model, model, Schema, Types } from 'mongoose'
import { ACCESS_LEVELS, type AccessLevel } from './access-level.ts'
import { isId } from './ids.ts'
import { afterPosition, NEWEST, type Position, sortBy, toPage } from './plugins/page.ts'
import { sharedReads } from './plugins/shared-reads.ts'
import { creationTime, type Timestamps } from './plugins/timestamps.ts'
import type { Stored } from './stored.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Longest life of a session, even with regular requests, in milliseconds. */
export const SESSION_MAX_MS = 30 * DAY_MS
/** Sessions of a user at a time. A sign-in beyond that ends the oldest ones. */
export const SESSIONS_MAX = 100
/** Stored length of the `User-Agent` header, in characters. The rest is cut off. */
export const USER_AGENT_MAX = 500

/** What a session stores of its user, so that a request reads one document. */
export interface SessionAccount {
  username: string
  access: AccessLevel
  /** The `accountVersion` of the user with these values. */
  version: number
}

const account = {
  username: { type: String, required: true },
  access: { type: String, enum: ACCESS_LEVELS, required: true },
  version: { type: Number, required: true },
} as const

const definition = {
  /** 128 random bits that the token of the session carries. Sessions of earlier versions have none. */
  key: { type: String },
  user: { type: Schema.Types.ObjectId, ref: 'User', required: true },
  /** The user's `sessionEpoch` at sign-in, or after a password change in this session; missing is 0. */
  epoch: { type: Number, default: 0 },
  /** Sessions of earlier releases have none until their next request. */
  account: { type: new Schema<SessionAccount>(account, { _id: false }) },
  lastAccessAt: { type: Date, required: true },
  expiresAt: { type: Date, required: true },
  userAgent: { type: String, default: null },
  address: { type: String, default: null },
} as const

export type SessionFields = Pick<Timestamps, 'createdAt'> &
  Omit<Stored<typeof definition>, 'key' | 'epoch' | 'account'> & {
    key?: string
    epoch?: number
    account?: SessionAccount
  }

interface BeginOptions {
  user: Types.ObjectId
  epoch?: number
  account: SessionAccount
  now: Date
  /** How long the session lasts without a request, in milliseconds. */
  idleMs: number
  userAgent: string | undefined
  address: string | undefined
}

/** The form of a session's key: 128 bits in base64url. */
const KEY = /^[\w-]{22}$/

const statics = {
  /** Creates a session. */
  async begin({
    user,
    epoch = 0,
    account,
    now,
    idleMs,
    userAgent,
    address,
  }: BeginOptions): Promise<SessionFields> {
    const session: SessionFields = {
      _id: new Types.ObjectId(),
      key: randomBytes(16).toString('base64url'),
      user,
      epoch,
      account,
      createdAt: now,
      lastAccessAt: now,
      expiresAt: expiry(now, now, idleMs),
      userAgent: userAgent?.slice(0, USER_AGENT_MAX) ?? null,
      address: address ?? null,
    }
    await Session.create(session)
    return session
  },

  /**
   * Returns the session of a token, or null. An expired session is not returned, even if the database has not removed
   * it yet.
   */
  async findActive(tokenId: string, now: Date): Promise<SessionFields | null> {
    const [id, key = null, ...others] = tokenId.split('.')
    if (!isId(id) || (key !== null && !KEY.test(key)) || others.length > 0) return null
    const session = await readSession(id)
    return session && (session.key ?? null) === key && session.expiresAt > now ? session : null
  },

  /** Returns the sessions in this list that are still active, by their ids. */
  async activeAmong(
    ids: Types.ObjectId[],
    now: Date,
  ): Promise<Map<string, Pick<SessionFields, '_id' | 'expiresAt' | 'account'>>> {
    const found = await Session.find(
      { _id: { $in: ids }, expiresAt: { $gt: now } },
      { expiresAt: 1, account: 1 },
    ).lean()
    return new Map(found.map((session) => [session._id.toString(), session]))
  },

  /** Records an access at most once a minute and extends the session. Returns whether it was recorded. */
  async touch(session: SessionFields, now: Date, idleMs: number): Promise<boolean> {
    if (now.getTime() - session.lastAccessAt.getTime() < MINUTE_MS) return false
    session.lastAccessAt = now
    session.expiresAt = expiry(session.createdAt, now, idleMs)
    const { lastAccessAt, expiresAt } = session
    await Session.updateOne({ _id: session._id }, { $max: { lastAccessAt, expiresAt } })
    return true
  },

  /** Returns a page of a user's active sessions, newest first. */
  async listActive(
    user: Types.ObjectId,
    now: Date,
    { limit, from }: { limit: number; from: Position | undefined },
  ): Promise<{ sessions: SessionFields[]; next: Position | null }> {
    const found = await Session.find({
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

  async end(id: Types.ObjectId): Promise<void> {
    await Session.deleteOne({ _id: id })
  },

  /** Ends a session of a user. Returns false when the user has no such session. */
  async revoke(id: string, user: Types.ObjectId): Promise<boolean> {
    if (!isId(id)) return false
    const { deletedCount } = await Session.deleteOne({ _id: id, user })
    return deletedCount === 1
  },

  /**
   * Ends the oldest sessions of a user beyond `SESSIONS_MAX`, but not the current one. Concurrent sign-ins each keep
   * their own session and the newest others, so that at most `SESSIONS_MAX` sessions remain in any order of execution.
   */
  async endOldest(user: Types.ObjectId, current: Types.ObjectId): Promise<void> {
    const others = { user, _id: { $ne: current } }
    const lastKept = await Session.findOne(others, { createdAt: 1 })
      .sort(sortBy(NEWEST))
      .skip(SESSIONS_MAX - 2)
      .lean()
    if (!lastKept) return
    await Session.deleteMany({ $and: [others, afterPosition(NEWEST, [lastKept.createdAt, lastKept._id])] })
  },

  /** Ends every session of a user. */
  async endAll(user: Types.ObjectId): Promise<void> {
    await Session.deleteMany({ user })
  },
}

type SessionModel = Model<SessionFields> & typeof statics

const schema = new Schema<SessionFields, SessionModel>(definition, {
  collection: 'sessions',
  timestamps: creationTime,
  versionKey: false,
  statics,
})
schema.index({ user: 1, createdAt: -1, _id: -1 })
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 })

export const Session = model<SessionFields, SessionModel>('Session', schema)

/**
 * Reads a session after the call, expired or not. The driver's own call takes half as long as Mongoose's, and every request
 * makes it.
 */
export const readSession = sharedReads((_id) => Session.collection.find<SessionFields>({ _id }).toArray())

/** Returns the id that the token of a session carries (`jti`, RFC 7519 §4.1.7). */
export const tokenIdOf = ({ _id, key }: Pick<SessionFields, '_id' | 'key'>): string =>
  key ? `${_id.toString()}.${key}` : _id.toString()

function expiry(createdAt: Date, lastAccessAt: Date, idleMs: number): Date {
  return new Date(Math.min(lastAccessAt.getTime() + idleMs, createdAt.getTime() + SESSION_MAX_MS))
}
