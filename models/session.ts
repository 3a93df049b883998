import { randomUUID } from 'node:crypto'
import { type Model, model, Schema, type Types } from 'mongoose'

const MINUTE = 60_000
const DAY = 86_400_000
/** A session ends this long after it began, used or not. */
export const SESSION_MAX_MS = 30 * DAY

export interface SessionFields {
  _id: string
  user: Types.ObjectId
  createdAt: Date
  lastAccessAt: Date
  expiresAt: Date
  userAgent: string | null
  address: string | null
}

interface BeginOptions {
  user: Types.ObjectId
  now: Date
  idleMs: number
  userAgent: string | undefined
  address: string | undefined
}

interface SessionModel extends Model<SessionFields> {
  begin(options: BeginOptions): Promise<SessionFields>
  findLive(id: string, now: Date): Promise<SessionFields | null>
  touch(session: SessionFields, now: Date, idleMs: number): Promise<boolean>
}

const schema = new Schema<SessionFields, SessionModel>(
  {
    _id: { type: String, required: true },
    user: { type: Schema.Types.ObjectId, ref: 'User', required: true },
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
      async begin({ user, now, idleMs, userAgent, address }: BeginOptions) {
        const session: SessionFields = {
          _id: randomUUID(),
          user,
          createdAt: now,
          lastAccessAt: now,
          expiresAt: expiry(now, now, idleMs),
          userAgent: userAgent?.slice(0, 500) ?? null,
          address: address ?? null,
        }
        await this.create(session)
        return session
      },

      /** Unless it has ended by the clock, whatever the database's own sweep has done yet. */
      findLive(id: string, now: Date) {
        return this.findOne({ _id: id, expiresAt: { $gt: now } }).lean()
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
    },
  },
)
schema.index({ user: 1, createdAt: -1 })
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 })

function expiry(createdAt: Date, lastAccessAt: Date, idleMs: number): Date {
  return new Date(Math.min(lastAccessAt.getTime() + idleMs, createdAt.getTime() + SESSION_MAX_MS))
}

export const Session = model<SessionFields, SessionModel>('Session', schema)
