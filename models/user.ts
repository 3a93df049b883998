import { randomUUID } from 'node:crypto'
import { type HydratedDocument, type Model, model, type Query, Schema, type Types } from 'mongoose'
import { hashPassword } from './password.ts'
import { type LedgerStatics, ledger, type Space } from './plugins/ledger.ts'
import { ACCESS_LEVELS, type AccessLevel, mobileKey, usernameKey } from './user-fields.ts'

/** What its owner may set of a profile. */
export interface Profile {
  email: string | null
  name: string | null
  mobile: string | null
  countryCode: string | null
  firstName: string | null
  lastName: string | null
  profilePhoto: string | null
  discoverable: boolean
  /** JSON text: the caller's own keys (`$set`, `a.b`, `__proto__`) never become keys of a document. */
  settings: string
}

export interface UserFields extends Profile {
  _id: Types.ObjectId
  username: string
  usernameKey: string
  mobileKey: string | null
  passwordHash: string
  access: AccessLevel
  disabled: boolean
  /** The account is being removed: it is gone for everybody already. */
  deleting: boolean
  location: string | null
  space: Space
  lastAccessAt: Date | null
  createdAt: Date
  updatedAt: Date
}

export type NewUser = Pick<UserFields, 'username'> & Partial<Profile>

export type UserDocument = HydratedDocument<UserFields>

interface UserModel extends Model<UserFields>, LedgerStatics {
  register(input: NewUser, secret: string, options: { cost: number; limit: number }): Promise<UserDocument>
  findForSignIn(login: string): Promise<UserDocument | null>
  findActive(id: Types.ObjectId | string): Query<UserDocument | null, UserDocument>
  admit(user: Pick<UserFields, '_id' | 'passwordHash'>, now: Date): Promise<UserDocument | null>
  replacePassword(
    user: Pick<UserFields, '_id' | 'passwordHash'>,
    password: string,
    cost: number,
  ): Promise<boolean>
  hasOtherAdmin(id: Types.ObjectId): Promise<boolean>
  setDeleting(id: Types.ObjectId, deleting: boolean): Promise<void>
  noteAccess(id: Types.ObjectId, now: Date): Promise<void>
  locate(id: Types.ObjectId): Promise<string>
}

const optional = { type: String, default: null }

const schema = new Schema<UserFields, UserModel>(
  {
    username: { type: String, required: true, immutable: true },
    usernameKey: { type: String, required: true, immutable: true },
    email: optional,
    name: optional,
    mobile: optional,
    countryCode: optional,
    mobileKey: optional,
    firstName: optional,
    lastName: optional,
    profilePhoto: optional,
    passwordHash: { type: String, required: true, select: false },
    access: { type: String, enum: ACCESS_LEVELS, required: true, default: 'user' },
    discoverable: { type: Boolean, required: true, default: false },
    disabled: { type: Boolean, required: true, default: false },
    deleting: { type: Boolean, required: true, default: false },
    location: { type: String, default: null },
    settings: { type: String, required: true, default: '{}' },
    lastAccessAt: { type: Date, default: null },
  },
  {
    collection: 'users',
    timestamps: true,
    minimize: false,
    versionKey: false,
    statics: {
      async register(
        input: NewUser,
        secret: string,
        { cost, limit }: { cost: number; limit: number },
      ): Promise<UserDocument> {
        return User.create({
          ...input,
          email: input.email?.toLowerCase() ?? null,
          usernameKey: usernameKey(input.username),
          mobileKey: mobileKey(input),
          passwordHash: await hashPassword(secret, cost),
          space: { limit },
        })
      },

      /**
       * The account of that name with its password hash, or null.
       *
       * @param login a username, an email address, or a telephone number as `+49-1511234567`; none can be another
       */
      async findForSignIn(login: string): Promise<UserDocument | null> {
        return User.findOne({ ...nameOf(login), deleting: false }).select('+passwordHash')
      },

      /** The account while it may be used, or null. */
      findActive(id: Types.ObjectId | string): Query<UserDocument | null, UserDocument> {
        return User.findOne({ _id: id, deleting: false, disabled: false })
      },

      /**
       * Notes a sign-in, unless the account or its password has changed since the password was verified:
       * then null. Asked after the session is stored, it leaves no gap for a change of password to miss one.
       */
      async admit({ _id, passwordHash }: Pick<UserFields, '_id' | 'passwordHash'>, now: Date) {
        return User.findOneAndUpdate(
          { _id, passwordHash, deleting: false, disabled: false },
          { $max: { lastAccessAt: now } },
          { returnDocument: 'after', timestamps: false },
        )
      },

      /** Sets another password; false when the one that was verified is no longer the account's. */
      async replacePassword(
        { _id, passwordHash }: Pick<UserFields, '_id' | 'passwordHash'>,
        password: string,
        cost: number,
      ): Promise<boolean> {
        const { matchedCount } = await User.updateOne(
          { _id, passwordHash, deleting: false },
          { passwordHash: await hashPassword(password, cost) },
        )
        return matchedCount === 1
      },

      /** Whether an admin remains besides this account. */
      async hasOtherAdmin(id: Types.ObjectId): Promise<boolean> {
        const other = { _id: { $ne: id }, access: 'admin' as const, deleting: false, disabled: false }
        return (await User.exists(other)) !== null
      },

      async setDeleting(id: Types.ObjectId, deleting: boolean): Promise<void> {
        await User.updateOne({ _id: id }, { deleting }, { timestamps: false })
      },

      async noteAccess(id: Types.ObjectId, now: Date): Promise<void> {
        await User.updateOne({ _id: id }, { $max: { lastAccessAt: now } }, { timestamps: false })
      },

      /** The prefix of the user's objects, which nobody can guess; made at the first sign-in. */
      async locate(id: Types.ObjectId): Promise<string> {
        await User.updateOne({ _id: id, location: null }, { location: randomUUID() }, { timestamps: false })
        const { location } = await User.findById(id, { location: 1 }).orFail().lean()
        return String(location)
      },
    },
  },
)

function nameOf(login: string) {
  if (login.startsWith('+')) return { mobileKey: login.slice(1) }
  return login.includes('@') ? { email: login.toLowerCase() } : { usernameKey: usernameKey(login) }
}

const present = (field: string) => ({ partialFilterExpression: { [field]: { $type: 'string' } } })
schema.index({ usernameKey: 1 }, { unique: true })
schema.index({ email: 1 }, { unique: true, ...present('email') })
schema.index({ mobileKey: 1 }, { unique: true, ...present('mobileKey') })
schema.index({ deleting: 1 }, { partialFilterExpression: { deleting: true } })
schema.plugin(ledger)

export const User = model<UserFields, UserModel>('User', schema)
