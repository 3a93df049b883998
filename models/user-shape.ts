import type { HydratedDocument, Types } from 'mongoose'
import type { Space } from './plugins/ledger.ts'
import type { AccessLevel } from './user-fields.ts'

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

/** An address that the account has signed in from, as `addressKey` writes it. */
export interface KnownAddress {
  address: string
  at: Date
}

export interface UserFields extends Profile {
  _id: Types.ObjectId
  username: string
  usernameKey: string
  mobileKey: string | null
  /** What a search for people compares; see `searchKeys`. */
  searchKeys: string[]
  passwordHash: string
  /** Of the last sign-ins, the latest at the end. */
  knownAddresses: KnownAddress[]
  /** Raised by each password change and each disabling: sessions and signed URLs of an earlier epoch have ended. */
  sessionEpoch: number
  /** The session that made the last password change, which goes on. */
  epochSession: Types.ObjectId | null
  access: AccessLevel
  disabled: boolean
  /** Whether `readers` of the account's public assets may not follow `disabled` and `deleting` yet. */
  readersPending: boolean
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
