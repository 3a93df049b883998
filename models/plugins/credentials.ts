import type { Model, QueryFilter, Schema, Types } from 'mongoose'
import type { SessionFields } from '../session.ts'
import { usernameKey } from '../user-fields.ts'
import type { KnownAddress, UserDocument, UserFields } from '../user-shape.ts'

/** An account, and the password hash that was verified. */
export type Verified = Pick<UserFields, '_id' | 'passwordHash'> & Partial<Pick<UserFields, 'knownAddresses'>>

/** Addresses that are kept of an account: those of its last sign-ins. */
const KNOWN_ADDRESSES_MAX = 20

export interface CredentialStatics {
  /**
   * The account of that name with its password hash and `knownAddresses`, or null.
   *
   * @param login a username, an email address, or a telephone number as `+49-1511234567`; none can be another
   */
  findForSignIn(login: string): Promise<UserDocument | null>
  /** An account that may be used with its password hash, or null. */
  findForConfirmation(id: Types.ObjectId): Promise<UserDocument | null>
  /**
   * Notes a sign-in, unless the account or its password has changed since the password was verified: then null.
   * Asked after the session is stored, it leaves no gap for a change of password to miss one.
   *
   * @param address the `addressKey` of the client
   */
  admit(user: Verified, now: Date, address: string): Promise<UserDocument | null>
  /**
   * Sets the hash of another password in a session, which ends every other one. Returns false when the password that
   * was verified, or the session, is no longer valid.
   */
  replacePassword(
    session: SessionFields,
    verified: Pick<UserFields, 'passwordHash'>,
    passwordHash: string,
  ): Promise<boolean>
  /** Sets another hash of the same password; false when the one that was verified is no longer the account's. */
  rehashPassword(user: Verified, passwordHash: string): Promise<boolean>
  /** Returns a password hash of the highest cost in use; null without accounts. */
  slowestHash(): Promise<string | null>
}

const statics: CredentialStatics & ThisType<Model<UserFields>> = {
  findForSignIn(login) {
    return this.findOne({ ...nameOf(login), deleting: false })
      .select('+passwordHash +knownAddresses')
      .exec()
  },

  findForConfirmation(id) {
    return this.findOne({ _id: id, ...usable })
      .select('+passwordHash')
      .exec()
  },

  admit({ _id, passwordHash, knownAddresses = [] }, now, address) {
    const others: KnownAddress[] = knownAddresses.filter((known) => known.address !== address)
    const latest = [...others.slice(1 - KNOWN_ADDRESSES_MAX), { address, at: now }]
    return this.findOneAndUpdate(
      { _id, passwordHash, ...usable },
      { $max: { lastAccessAt: now }, $set: { knownAddresses: latest } },
      { returnDocument: 'after', timestamps: false },
    ).exec()
  },

  async replacePassword(session, { passwordHash: verified }, passwordHash) {
    const { matchedCount } = await this.updateOne(
      { passwordHash: verified, ...holderOf(session) },
      { $set: { passwordHash, epochSession: session._id }, $inc: { sessionEpoch: 1 } },
    )
    return matchedCount === 1
  },

  async rehashPassword({ _id, passwordHash: verified }, passwordHash) {
    const { matchedCount } = await this.updateOne(
      { _id, passwordHash: verified, ...usable },
      { passwordHash },
      { timestamps: false },
    )
    return matchedCount === 1
  },

  async slowestHash() {
    // the cost has two digits and comes first: $2b$12$
    const found = await this.findOne({}, { passwordHash: 1 }).sort({ passwordHash: -1 }).lean()
    return found?.passwordHash ?? null
  },
}

/** Of accounts that somebody may use. */
export const usable = { deleting: false, disabled: false }

type Epochs = Pick<UserFields, 'sessionEpoch' | 'epochSession'>

/**
 * Whether a session is still valid for its user. A password change and the disabling of an account raise the user's
 * `sessionEpoch`: sessions of an earlier epoch have ended, except the one that changed the password.
 */
export function isOfEpoch({ sessionEpoch = 0, epochSession }: Epochs, session: SessionFields): boolean {
  return sessionEpoch === (session.epoch ?? 0) || Boolean(epochSession?.equals(session._id))
}

/** The user of a valid session, as a filter: `isOfEpoch` for updates of the account itself. */
export function holderOf({ _id, user, epoch = 0 }: SessionFields): QueryFilter<UserFields> {
  const sameEpoch = { sessionEpoch: epoch === 0 ? { $in: [0, null] } : epoch }
  return { _id: user, ...usable, $or: [sameEpoch, { epochSession: _id }] }
}

function nameOf(login: string) {
  if (login.startsWith('+')) return { mobileKey: login.slice(1) }
  return login.includes('@') ? { email: login.toLowerCase() } : { usernameKey: usernameKey(login) }
}

/** Gives a model of accounts what sign-in asks of it. */
export function credentials(schema: Schema): void {
  Object.assign(schema.statics, statics)
}
