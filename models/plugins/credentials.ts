import type { Model, Schema, Types } from 'mongoose'
import { hashPassword } from '../password.ts'
import { usernameKey } from '../user-fields.ts'
import type { UserDocument, UserFields } from '../user-shape.ts'

/** An account, and the password hash that was verified. */
export type Verified = Pick<UserFields, '_id' | 'passwordHash'>

export interface CredentialStatics {
  /**
   * The account of that name with its password hash, or null.
   *
   * @param login a username, an email address, or a telephone number as `+49-1511234567`; none can be another
   */
  findForSignIn(login: string): Promise<UserDocument | null>
  /** An account that may be used with its password hash, or null. */
  findForConfirmation(id: Types.ObjectId): Promise<UserDocument | null>
  /**
   * Notes a sign-in, unless the account or its password has changed since the password was verified: then null.
   * Asked after the session is stored, it leaves no gap for a change of password to miss one.
   */
  admit(user: Verified, now: Date): Promise<UserDocument | null>
  /** Sets another password; false when the one that was verified is no longer the account's. */
  replacePassword(user: Verified, password: string, cost: number): Promise<boolean>
}

const statics: CredentialStatics & ThisType<Model<UserFields>> = {
  findForSignIn(login) {
    return this.findOne({ ...nameOf(login), deleting: false })
      .select('+passwordHash')
      .exec()
  },

  findForConfirmation(id) {
    return this.findOne({ _id: id, ...usable })
      .select('+passwordHash')
      .exec()
  },

  admit({ _id, passwordHash }, now) {
    return this.findOneAndUpdate(
      { _id, passwordHash, ...usable },
      { $max: { lastAccessAt: now } },
      { returnDocument: 'after', timestamps: false },
    ).exec()
  },

  async replacePassword({ _id, passwordHash }, password, cost) {
    const { matchedCount } = await this.updateOne(
      { _id, passwordHash, ...usable },
      { passwordHash: await hashPassword(password, cost) },
    )
    return matchedCount === 1
  },
}

/** Of accounts that somebody may use. */
export const usable = { deleting: false, disabled: false }

function nameOf(login: string) {
  if (login.startsWith('+')) return { mobileKey: login.slice(1) }
  return login.includes('@') ? { email: login.toLowerCase() } : { usernameKey: usernameKey(login) }
}

/** Gives a model of accounts what sign-in asks of it. */
export function credentials(schema: Schema): void {
  Object.assign(schema.statics, statics)
}
