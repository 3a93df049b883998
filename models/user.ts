import { randomUUID } from 'node:crypto'
import { type HydratedDocument, type Model, model, type QueryFilter, Schema, type Types } from 'mongoose'
import { ACCESS_LEVELS, type AccessLevel } from './access-level.ts'
import { hashPassword } from './password.ts'
import { type LedgerStatics, ledger } from './plugins/ledger.ts'
import { retryChange } from './plugins/optimistic.ts'
import type { Space } from './plugins/space.ts'
import { type Timestamps, timestamps } from './plugins/timestamps.ts'
import type { SessionFields } from './session.ts'
import type { Stored } from './stored.ts'
import { emailKey, foldText } from './text.ts'

export const USERNAME = { min: 3, max: 32, pattern: /^[A-Za-z0-9._-]+$/ } as const
export const NAME = { max: 100 } as const
export const EMAIL = { max: 254 } as const
export const COUNTRY_CODE = /^\d{1,3}$/
export const MOBILE = /^\d{4,14}$/
export const PROFILE_PHOTO = { max: 2048 } as const
/** Length of the JSON text, in bytes. */
export const SETTINGS = { maxBytes: 4000 } as const

const optional = { type: String, default: null } as const

/** The fields of a profile that its user can set. */
const profile = {
  email: optional,
  name: optional,
  mobile: optional,
  countryCode: optional,
  firstName: optional,
  lastName: optional,
  profilePhoto: optional,
  discoverable: { type: Boolean, required: true, default: false },
  /** JSON text, so that keys that the client chooses (`$set`, `a.b`, `__proto__`) do not become keys of a document. */
  settings: { type: String, required: true, default: '{}' },
} as const

const knownAddress = {
  address: { type: String, required: true },
  at: { type: Date, required: true },
} as const

/** An address that the account has signed in from, as `addressKey` writes it. */
export type KnownAddress = Omit<Stored<typeof knownAddress>, '_id'>

const definition = {
  username: { type: String, required: true, immutable: true },
  usernameKey: { type: String, required: true, immutable: true },
  ...profile,
  mobileKey: optional,
  /** The texts that a search for users compares; see `searchKeys`. */
  searchKeys: { type: [String], required: true },
  passwordHash: { type: String, required: true, select: false },
  /** Addresses of the last sign-ins, the latest at the end. */
  knownAddresses: { type: [{ _id: false, ...knownAddress }], select: false },
  /** Incremented when the password changes or the account is disabled. Earlier sessions and signed URLs are invalid. */
  sessionEpoch: { type: Number, default: 0 },
  /** The session in which the password was last changed. It stays valid. */
  epochSession: { type: Schema.Types.ObjectId, default: null },
  access: { type: String, enum: ACCESS_LEVELS, required: true, default: 'user' },
  disabled: { type: Boolean, required: true, default: false },
  /** Whether the `readers` of the account's public assets do not match `disabled` and `deleting` yet. */
  readersPending: { type: Boolean, default: false },
  /** Incremented by each change of the values that sessions store of the user; see `matchSessions`. */
  accountVersion: { type: Number, default: 0 },
  /** Whether there can be sessions that do not match the user yet. */
  sessionsPending: { type: Boolean, default: false },
  /** Whether the account is being deleted. It is hidden and cannot be used. */
  deleting: { type: Boolean, required: true, default: false },
  /** The prefix of the keys of the user's objects; see `locate`. */
  location: { type: String, default: null },
  lastAccessAt: { type: Date, default: null },
} as const

export type UserFields = Timestamps &
  Omit<Stored<typeof definition>, 'knownAddresses'> & {
    knownAddresses: KnownAddress[]
    space: Space
  }

export type Profile = Pick<UserFields, keyof typeof profile>

export type NewUser = Pick<UserFields, 'username'> & Partial<Profile>

export type UserDocument = HydratedDocument<UserFields>

interface AccountOptions {
  access?: AccessLevel
}

interface RegisterOptions extends AccountOptions {
  /** The bcrypt cost of the password's hash. */
  cost: number
}

const statics = {
  /** Creates an account with this password. @throws a duplicate key error when a name is taken */
  async register(
    input: NewUser,
    password: string,
    { cost, ...options }: RegisterOptions,
  ): Promise<UserDocument> {
    return User.add(input, await hashPassword(password, cost), options)
  },

  /** Creates an account. @throws a duplicate key error when a name is taken */
  add(input: NewUser, passwordHash: string, { access = 'user' }: AccountOptions = {}): Promise<UserDocument> {
    return User.create({
      ...input,
      email: input.email ? emailKey(input.email) : null,
      usernameKey: usernameKey(input.username),
      mobileKey: mobileKey(input),
      searchKeys: searchKeys(input),
      passwordHash,
      access,
    })
  },

  /** Returns which of the given `username`, `email` and `mobile` belong to another account. */
  async takenFields({ username, email, ...phone }: Partial<NewUser>): Promise<string[]> {
    const names = [
      ['username', 'usernameKey', username === undefined ? null : usernameKey(username)],
      ['email', 'email', email ? emailKey(email) : null],
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

  /** Returns the account of a username, even an account under deletion, or null. */
  findByName(username: string): Promise<UserDocument | null> {
    return User.findOne({ usernameKey: usernameKey(username) }).exec()
  },

  /** Returns an account that can be used, or null. */
  findActive(id: Types.ObjectId | string): Promise<UserDocument | null> {
    return User.findOne({ _id: id, ...usable }).exec()
  },

  /** Returns the user of a valid session, or null. */
  findBySession(session: SessionFields): Promise<UserDocument | null> {
    return User.findOne(userOfSession(session)).exec()
  },

  /**
   * Changes the profile of a session's user. Retries when the telephone number or the settings are no longer those that
   * `decide` saw. A change to the values that the profile has does nothing.
   *
   * @param decide returns the fields to change
   * @returns null when the session is no longer valid
   * @throws the errors of `decide`
   * @throws a duplicate key error when a name is taken
   */
  changeProfile(
    session: SessionFields,
    decide: (user: UserDocument) => Partial<Profile>,
  ): Promise<UserDocument | null> {
    const read = () => User.findBySession(session)
    const update = (user: UserDocument) => {
      const { username, mobile, countryCode } = user
      const change = changesOf(user, decide(user))
      if (Object.keys(change).length === 0) return Promise.resolve(user)
      const settings = user.settings === '{}' ? { $in: ['{}', null] } : user.settings
      return User.findOneAndUpdate(
        {
          ...{ mobile, countryCode, ...userOfSession(session) },
          ...(change.settings === undefined ? {} : { settings }),
        },
        {
          ...change,
          mobileKey: mobileKey({ mobile, countryCode, ...change }),
          ...(change.name === undefined ? {} : { searchKeys: searchKeys({ username, name: change.name }) }),
        },
        { returnDocument: 'after' },
      ).exec()
    }
    return read().then((user) => retryChange(user, update, read))
  },

  /**
   * Returns whether any account has these values, including accounts under deletion. Without values: whether any
   * account exists.
   */
  async isAny(values: {
    _id?: Types.ObjectId
    location?: string
    mobileKey?: string | null
  }): Promise<boolean> {
    return (await User.exists(values)) !== null
  },

  /** Returns the id of a username, or null. */
  async idOf(username: string): Promise<Types.ObjectId | null> {
    const user = await User.findOne(
      { usernameKey: usernameKey(username), deleting: false },
      { _id: 1 },
    ).lean()
    return user?._id ?? null
  },

  /** Returns the prefix of the keys of the user's objects; null before the first call of `locate`. */
  async locationOf(id: Types.ObjectId): Promise<string | null> {
    const user = await User.findById(id, { location: 1 }).lean()
    return user?.location ?? null
  },

  /** Returns the random prefix of the keys of the user's objects. Creates it at the first call. */
  async locate(id: Types.ObjectId): Promise<string> {
    const { location } = await User.findById(id, { location: 1 }).orFail().lean()
    if (location) return location
    await User.updateOne({ _id: id, location: null }, { location: randomUUID() }, { timestamps: false })
    return User.locate(id)
  },
}

type UserModel = Model<UserFields> & LedgerStatics & typeof statics

const schema = new Schema<UserFields, UserModel>(definition, {
  collection: 'users',
  timestamps,
  minimize: false,
  versionKey: false,
  statics,
})

const whereText = (field: string) => ({ partialFilterExpression: { [field]: { $type: 'string' } } })
schema.index({ usernameKey: 1 }, { unique: true })
schema.index({ email: 1 }, { unique: true, ...whereText('email') })
schema.index({ mobileKey: 1 }, { unique: true, ...whereText('mobileKey') })
// lists of users; the index on usernameKey serves the list of all users for an admin
schema.index({ discoverable: 1, usernameKey: 1, _id: 1 })
schema.index({ searchKeys: 1 })
schema.index({ access: 1 }, { partialFilterExpression: { access: 'admin' } })
// owners in transition, which every read of assets queries; usually there are none
schema.index({ disabled: 1, readersPending: 1 })
schema.index({ sessionsPending: 1 }, { partialFilterExpression: { sessionsPending: true } })
schema.index({ deleting: 1 }, { partialFilterExpression: { deleting: true } })
// running uploads, for the sweep; not partial, because some engines cannot use a partial index here
schema.index({ 'space.uploads.heartbeatAt': 1 })
// open entries of earlier releases
schema.index({ 'space.open.at': 1 })
// an account under deletion refuses uploads, so that its data can be removed completely
schema.plugin(ledger, { takes: { deleting: { $ne: true } } })

export const User = model<UserFields, UserModel>('User', schema)

/**
 * Returns the texts that a search for users compares, in lower case without accents: the username, and the rest of the
 * name from each of its words. A search for a prefix of a text is a range of an index.
 */
export function searchKeys({ username, name }: { username: string; name?: string | null }): string[] {
  const words = foldText(name ?? '')
    .split(/\s+/u)
    .filter(Boolean)
  return [...new Set([foldText(username), ...words.map((_word, n) => words.slice(n).join(' '))])]
}

/** Returns the unique key of a username. Usernames are not case-sensitive. */
export const usernameKey = (username: string): string => username.toLowerCase()

/** Returns the fields of a profile that a change sets to another value, in the stored form. */
function changesOf(user: UserFields, change: Partial<Profile>): Partial<Profile> {
  const stored = { ...change, ...(change.email ? { email: emailKey(change.email) } : {}) }
  const changes = Object.entries(stored).filter(
    ([field, value]) => value !== undefined && value !== user[field as keyof Profile],
  )
  return Object.fromEntries(changes)
}

/** Returns the unique key of a telephone number; null unless both parts are given. */
export function mobileKey(phone: { countryCode?: string | null; mobile?: string | null }): string | null {
  return phone.countryCode && phone.mobile ? `${phone.countryCode}-${phone.mobile}` : null
}

/** The filter of accounts that can be used. */
export const usable = { deleting: false, disabled: false }

type Epochs = Partial<Pick<UserFields, 'sessionEpoch' | 'epochSession'>>

/**
 * Returns whether a session is still valid for its user. A password change and the disabling of an account increment
 * the user's `sessionEpoch`. Sessions of an earlier epoch are invalid, except the one that changed the password.
 */
export function isSessionValid({ sessionEpoch = 0, epochSession }: Epochs, session: SessionFields): boolean {
  return sessionEpoch === (session.epoch ?? 0) || Boolean(epochSession?.equals(session._id))
}

/** Returns a filter of the session's user that matches only if the session is valid, as `isSessionValid` decides. */
export function userOfSession({ _id, user, epoch = 0 }: SessionFields): QueryFilter<UserFields> {
  return { _id: user, ...usable, $or: [{ sessionEpoch: sameCounter(epoch) }, { epochSession: _id }] }
}

/** Returns the condition that a counter has a value. A missing counter is 0. */
export const sameCounter = (value: number) => (value === 0 ? { $in: [0, null] } : value)
