import { randomUUID } from 'node:crypto'
import { type HydratedDocument, type Model, model, Schema, type Types } from 'mongoose'
import { hashPassword, verifyPassword } from './password.ts'
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
  settings: Record<string, unknown>
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

/** How somebody says who they are: one of these. */
export interface SignInName {
  username?: string | undefined
  email?: string | undefined
  mobileKey?: string | undefined
}

interface UserMethods {
  hasPassword(password: string): Promise<boolean>
  setPassword(password: string, cost: number): Promise<void>
}

export type UserDocument = HydratedDocument<UserFields, UserMethods>

interface UserModel extends Model<UserFields, object, UserMethods>, LedgerStatics {
  register(input: NewUser, secret: string, options: { cost: number; limit: number }): Promise<UserDocument>
  findForSignIn(name: SignInName): Promise<UserDocument | null>
  locate(id: Types.ObjectId): Promise<string>
}

const optional = { type: String, default: null }

const schema = new Schema<UserFields, UserModel, UserMethods>(
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
    settings: { type: Schema.Types.Mixed, required: true, default: {} },
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
          usernameKey: usernameKey(input.username),
          mobileKey: mobileKey(input),
          passwordHash: await hashPassword(secret, cost),
          space: { limit },
        })
      },

      /** The account of that name, or null. */
      async findForSignIn({ username, email, mobileKey: mobile }: SignInName): Promise<UserDocument | null> {
        const name = username
          ? { usernameKey: usernameKey(username) }
          : email
            ? { email: email.toLowerCase() }
            : { mobileKey: String(mobile) }
        return User.findOne({ ...name, deleting: false })
      },

      /** The prefix of the user's objects, which nobody can guess; made at the first sign-in. */
      async locate(id: Types.ObjectId): Promise<string> {
        await User.updateOne({ _id: id, location: null }, { location: randomUUID() }, { timestamps: false })
        const { location } = await User.findById(id, { location: 1 }).orFail().lean()
        return String(location)
      },
    },
    methods: {
      async hasPassword(password: string): Promise<boolean> {
        const { passwordHash } = await User.findById(this._id).select('passwordHash').orFail().lean()
        return verifyPassword(password, passwordHash)
      },

      async setPassword(password: string, cost: number): Promise<void> {
        this.passwordHash = await hashPassword(password, cost)
        await this.save()
      },
    },
  },
)

const present = (field: string) => ({ partialFilterExpression: { [field]: { $type: 'string' } } })
schema.index({ usernameKey: 1 }, { unique: true })
schema.index({ email: 1 }, { unique: true, ...present('email') })
schema.index({ mobileKey: 1 }, { unique: true, ...present('mobileKey') })
schema.index({ deleting: 1 }, { partialFilterExpression: { deleting: true } })
schema.plugin(ledger)

export const User = model<UserFields, UserModel>('User', schema)
