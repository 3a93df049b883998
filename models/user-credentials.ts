import type { Types } from 'mongoose'
import type { SessionFields } from './session.ts'
import { emailKey, lowerAscii, normalizeText } from './text.ts'
import {
  type KnownAddress,
  User,
  type UserDocument,
  type UserFields,
  usable,
  usernameKey,
  userOfSession,
} from './user.ts'

/** An account and the password hash that was verified. */
type Verified = Pick<UserFields, '_id' | 'passwordHash'> & Partial<Pick<UserFields, 'knownAddresses'>>

/** Number of addresses stored for an account: those of its last sign-ins. */
const KNOWN_ADDRESSES_MAX = 20

/**
 * Returns the account of a name with its password hash and `knownAddresses`, or null.
 *
 * @param login a username, an email address, or a telephone number as `+49-1511234567`: three forms that cannot overlap;
 *   in the Unicode form that the client sent, because two accounts of earlier releases can differ in that only
 */
export async function findForSignIn(login: string): Promise<UserDocument | null> {
  const emails = login.includes('@') ? emailForms(login) : []
  const name = emails.length > 0 ? { email: { $in: emails } } : nameOf(login)
  const found = await User.find({ ...name, deleting: false })
    .select('+passwordHash +knownAddresses')
    .limit(Math.max(1, emails.length))
    .exec()
  const place = ({ email }: Pick<UserFields, 'email'>) => emails.indexOf(email ?? '')
  return found.sort((one, other) => place(one) - place(other))[0] ?? null
}

/** Returns an account that can be used, with its password hash, or null. */
export function findForConfirmation(id: Types.ObjectId): Promise<UserDocument | null> {
  return User.findOne({ _id: id, ...usable })
    .select('+passwordHash')
    .exec()
}

/**
 * Records a sign-in. Returns null when the account or its password has changed since the password was verified. Call it
 * after the session is stored: a password change in between ends that session or makes this return null.
 *
 * @param address the `addressKey` of the client
 */
export function recordSignIn(
  { _id, passwordHash, knownAddresses = [] }: Verified,
  now: Date,
  address: string,
): Promise<UserDocument | null> {
  const others: KnownAddress[] = knownAddresses.filter((known) => known.address !== address)
  const latest = [...others.slice(1 - KNOWN_ADDRESSES_MAX), { address, at: now }]
  return User.findOneAndUpdate(
    { _id, passwordHash, ...usable },
    { $max: { lastAccessAt: now }, $set: { knownAddresses: latest } },
    { returnDocument: 'after', timestamps: false },
  ).exec()
}

/**
 * Sets the hash of another password in a session. Returns the user afterwards; call `matchSessions`, which ends every
 * other session. Returns null when the password that was verified, or the session, is no longer valid.
 */
export function replacePassword(
  session: SessionFields,
  { passwordHash: verified }: Pick<UserFields, 'passwordHash'>,
  passwordHash: string,
): Promise<UserDocument | null> {
  return User.findOneAndUpdate(
    { passwordHash: verified, ...userOfSession(session) },
    { $set: { passwordHash, epochSession: session._id, sessionsPending: true }, $inc: { sessionEpoch: 1 } },
    { returnDocument: 'after' },
  ).exec()
}

/** Sets another hash of the same password. Returns false when the account has another hash than the verified one. */
export async function rehashPassword(
  { _id, passwordHash: verified }: Verified,
  passwordHash: string,
): Promise<boolean> {
  const { matchedCount } = await User.updateOne(
    { _id, passwordHash: verified, ...usable },
    { passwordHash },
    { timestamps: false },
  )
  return matchedCount === 1
}

/** Returns a password hash of the highest cost in use; null without accounts. */
export async function mostExpensiveHash(): Promise<string | null> {
  // the cost has two digits and comes first: $2b$12$
  const found = await User.findOne({}, { passwordHash: 1 }).sort({ passwordHash: -1 }).lean()
  return found?.passwordHash ?? null
}

const nameOf = (login: string) =>
  login.startsWith('+') ? { mobileKey: login.slice(1) } : { usernameKey: usernameKey(login) }

/**
 * Returns the forms in which the email address of an account can be stored, the nearest first. Earlier releases folded the
 * case of all letters, and some did not normalize.
 */
function emailForms(login: string): string[] {
  const lower = login.toLowerCase()
  return [...new Set([lowerAscii(login), emailKey(login), lower, normalizeText(lower)])]
}
