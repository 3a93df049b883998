import { randomUUID } from 'node:crypto'
import { type Model, model, Schema, type Types } from 'mongoose'
import { hashPassword } from './password.ts'
import { type AdministrationStatics, administration } from './plugins/administration.ts'
import { type CredentialStatics, credentials, holderOf, usable } from './plugins/credentials.ts'
import { type LedgerStatics, ledger } from './plugins/ledger.ts'
import type { SessionFields } from './session.ts'
import { ACCESS_LEVELS, type AccessLevel, mobileKey, searchKeys, usernameKey } from './user-fields.ts'
import type { NewUser, Profile, UserDocument, UserFields } from './user-shape.ts'

interface AccountOptions {
  access?: AccessLevel
}

interface RegisterOptions extends AccountOptions {
  /** Of the password's hash. */
  cost: number
}

interface UserModel extends Model<UserFields>, LedgerStatics, CredentialStatics, AdministrationStatics {
  register(input: NewUser, password: string, options: RegisterOptions): Promise<UserDocument>
  add(input: NewUser, passwordHash: string, options?: AccountOptions): Promise<UserDocument>
  takenFields(input: Partial<NewUser>): Promise<string[]>
  findByName(username: string): Promise<UserDocument | null>
  findActive(id: Types.ObjectId | string): Promise<UserDocument | null>
  activeAmong(ids: Types.ObjectId[]): Promise<Map<string, AccessLevel>>
  findHolder(session: SessionFields): Promise<UserDocument | null>
  changeProfile(
    session: SessionFields,
    user: UserFields,
    change: Partial<Profile>,
  ): Promise<UserDocument | null>
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
    searchKeys: { type: [String], required: true },
    firstName: optional,
    lastName: optional,
    profilePhoto: optional,
    passwordHash: { type: String, required: true, select: false },
    knownAddresses: { type: [{ _id: false, address: String, at: Date }], select: false },
    sessionEpoch: { type: Number, default: 0 },
    epochSession: { type: Schema.Types.ObjectId, default: null },
    access: { type: String, enum: ACCESS_LEVELS, required: true, default: 'user' },
    discoverable: { type: Boolean, required: true, default: false },
    disabled: { type: Boolean, required: true, default: false },
    readersPending: { type: Boolean, default: false },
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
      /** Makes an account with this password. @throws a duplicate key error when a name is taken */
      async register(
        input: NewUser,
        password: string,
        { cost, ...options }: RegisterOptions,
      ): Promise<UserDocument> {
        return User.add(input, await hashPassword(password, cost), options)
      },

      /** Makes an account. @throws a duplicate key error when a name is taken */
      add(
        input: NewUser,
        passwordHash: string,
        { access = 'user' }: AccountOptions = {},
      ): Promise<UserDocument> {
        return User.create({
          ...input,
          email: input.email?.toLowerCase() ?? null,
          usernameKey: usernameKey(input.username),
          mobileKey: mobileKey(input),
          searchKeys: searchKeys(input),
          passwordHash,
          access,
        })
      },

      /** Returns those of `username`, `email` and `mobile` that are another account's. */
      async takenFields({ username, email, ...phone }: Partial<NewUser>): Promise<string[]> {
        const names = [
          ['username', 'usernameKey', username === undefined ? null : usernameKey(username)],
          ['email', 'email', email?.toLowerCase() ?? null],
          ['mobile', 'mobileKey', mobileKey(phone)],
        ] as const
        const given = names.filter(([, , value]) => value !== null)
        if (given.length === 0) return []
        const $or = given.map(([, key, value]) => ({ [key]: value }))
        const found = await User.find({ $or }, { usernameKey: 1, email: 1, mobileKey: 1 }).lean()
        return given
          .filter(([, key, value]) => found.some((other) => other[key] === value))
          .map(([field]) => field)
      },

      /** The account of that username, one under deletion too, or null. */
      findByName(username: string): Promise<UserDocument | null> {
        return User.findOne({ usernameKey: usernameKey(username) }).exec()
      },

      /** The account while it may be used, or null. */
      findActive(id: Types.ObjectId | string): Promise<UserDocument | null> {
        return User.findOne({ _id: id, ...usable }).exec()
      },

      /** The user of a session while the session is valid, or null. */
      findHolder(session: SessionFields): Promise<UserDocument | null> {
        return User.findOne(holderOf(session)).exec()
      },

      /** Of these accounts, those that may be used, by id, and what they are. */
      async activeAmong(ids: Types.ObjectId[]): Promise<Map<string, AccessLevel>> {
        const found = await User.find({ _id: { $in: ids }, ...usable }, { access: 1 }).lean()
        return new Map(found.map(({ _id, access }) => [_id.toString(), access]))
      },

      /**
       * Changes the profile of a session's user. Returns null when the session is no longer valid, or when the
       * telephone number is not the one that was read.
       */
      changeProfile(
        session: SessionFields,
        user: UserFields,
        change: Partial<Profile>,
      ): Promise<UserDocument | null> {
        const { username, mobile, countryCode } = user
        return User.findOneAndUpdate(
          { mobile, countryCode, ...holderOf(session) },
          {
            ...change,
            ...(change.email ? { email: change.email.toLowerCase() } : {}),
            mobileKey: mobileKey({ mobile, countryCode, ...change }),
            ...(change.name === undefined ? {} : { searchKeys: searchKeys({ username, name: change.name }) }),
          },
          { returnDocument: 'after' },
        ).exec()
      },

      async noteAccess(id: Types.ObjectId, now: Date): Promise<void> {
        await User.updateOne({ _id: id }, { $max: { lastAccessAt: now } }, { timestamps: false })
      },

      /** The prefix of the user's objects, which nobody can guess; made at the first upload. */
      async locate(id: Types.ObjectId): Promise<string> {
        const { location } = await User.findById(id, { location: 1 }).orFail().lean()
        if (location) return location
        await User.updateOne({ _id: id, location: null }, { location: randomUUID() }, { timestamps: false })
        return User.locate(id)
      },
    },
  },
)

const present = (field: string) => ({ partialFilterExpression: { [field]: { $type: 'string' } } })
schema.index({ usernameKey: 1 }, { unique: true })
schema.index({ email: 1 }, { unique: true, ...present('email') })
schema.index({ mobileKey: 1 }, { unique: true, ...present('mobileKey') })
// lists of people: everybody's for an admin is served by usernameKey
schema.index({ discoverable: 1, usernameKey: 1, _id: 1 })
schema.index({ searchKeys: 1 })
schema.index({ access: 1 }, { partialFilterExpression: { access: 'admin' } })
// owners in transition, which every read of assets looks for; mostly there are none
schema.index({ disabled: 1, readersPending: 1 })
schema.index({ deleting: 1 }, { partialFilterExpression: { deleting: true } })
// what is not finished, for the sweep; partial it would not serve every engine
schema.index({ 'space.open.at': 1 })
// an account under deletion takes no upload any more: what it has can then be removed for good
schema.plugin(ledger, { takes: { deleting: { $ne: true } } })
schema.plugin(credentials)
schema.plugin(administration)

export const User = model<UserFields, UserModel>('User', schema)
