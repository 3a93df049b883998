import { type Model, model, Schema, type Types } from 'mongoose'
import { isDuplicateKey } from './database-errors.ts'
import { databaseNow } from './database-time.ts'
import type { Stored } from './stored.ts'

/** How long a key stands for its first request, in milliseconds. */
export const KEY_MS = 24 * 3_600_000
/** Longest stored answer, in bytes. */
export const ANSWER_MAX_BYTES = 16_384
/** Most keys of a user at a time. */
export const KEYS_MAX = 10_000

const definition = {
  /** The user and the key: `<user>:<key>`. */
  _id: { type: String, required: true },
  user: { type: Schema.Types.ObjectId, ref: 'User', required: true },
  /** A random id of the request that has the key. Another request can take the key over. */
  claim: { type: String, required: true },
  /** Hash of the method, path and query. */
  head: { type: String, required: true },
  /** Hash of the fields and of the names and lengths of the files; null until the request was received. */
  content: { type: String, default: null },
  /** The id that the asset of the request gets. */
  asset: { type: Schema.Types.ObjectId, required: true },
  /** The asset in the answer, as JSON; empty if it is too long to store; null until the request has succeeded. */
  answer: { type: String, default: null },
  /** By the clock of the database. A request without an answer and without heartbeats has died. */
  heartbeatAt: { type: Date, required: true },
  expiresAt: { type: Date, required: true },
} as const

export type IdempotencyKeyFields = Stored<typeof definition>

/** The fields of a key that a request claims. */
export type NewClaim = Pick<IdempotencyKeyFields, '_id' | 'user' | 'claim' | 'head' | 'asset' | 'expiresAt'>
type Claim = Pick<IdempotencyKeyFields, '_id' | 'claim'>

const statics = {
  /** Stores a key. Returns false when the user has it already. */
  async claim(given: NewClaim): Promise<boolean> {
    try {
      await IdempotencyKey.create({ ...given, heartbeatAt: await databaseNow() })
      return true
    } catch (error) {
      if (isDuplicateKey(error)) return false
      throw error
    }
  },

  /** Gives the key of a dead or expired request to another one. Returns false when the key has changed meanwhile. */
  async takeOver(
    { _id, claim, answer }: Pick<IdempotencyKeyFields, '_id' | 'claim' | 'answer'>,
    given: NewClaim,
  ) {
    const heartbeatAt = await databaseNow()
    const { matchedCount } = await IdempotencyKey.updateOne(
      { _id, claim, answer },
      { $set: { ...given, heartbeatAt, content: null, answer: null } },
    )
    return matchedCount === 1
  },

  /** Sets fields of a key. Returns false when another request has taken it over. */
  async change({ _id, claim }: Claim, set: Partial<IdempotencyKeyFields>): Promise<boolean> {
    const { matchedCount } = await IdempotencyKey.updateOne({ _id, claim }, { $set: set })
    return matchedCount === 1
  },

  /** Frees a key whose request has stored nothing. */
  async free({ _id, claim }: Claim): Promise<void> {
    await IdempotencyKey.deleteOne({ _id, claim })
  },

  /** Returns whether a user can have another key. */
  async hasRoom(user: Types.ObjectId): Promise<boolean> {
    return (await IdempotencyKey.countDocuments({ user }, { limit: KEYS_MAX })) < KEYS_MAX
  },

  /** Deletes expired keys, for databases that do not delete them by the index on `expiresAt`. */
  async removeExpired(now: Date): Promise<void> {
    await IdempotencyKey.deleteMany({ expiresAt: { $lte: now } })
  },

  async removeAllOf(user: Types.ObjectId): Promise<void> {
    await IdempotencyKey.deleteMany({ user })
  },
}

type IdempotencyKeyModel = Model<IdempotencyKeyFields> & typeof statics

/** The keys by which clients repeat uploads (`Idempotency-Key`), and the answers to their first requests. */
const schema = new Schema<IdempotencyKeyFields, IdempotencyKeyModel>(definition, {
  collection: 'idempotencyKeys',
  versionKey: false,
  statics,
})
schema.index({ user: 1 })
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 })

export const IdempotencyKey = model<IdempotencyKeyFields, IdempotencyKeyModel>('IdempotencyKey', schema)
