import type { QueryFilter, Types } from 'mongoose'
import { readSession, Session, type SessionAccount, type SessionFields } from './session.ts'
import { isSessionValid, sameCounter, User, type UserFields } from './user.ts'
import { isInactive } from './user-state.ts'

/** The fields of a user that decide about the user's sessions. */
const FIELDS = {
  username: 1,
  access: 1,
  disabled: 1,
  deleting: 1,
  sessionEpoch: 1,
  epochSession: 1,
  accountVersion: 1,
} as const

/** A user, as far as sessions depend on it. */
type SessionUser = Pick<UserFields, '_id' | keyof typeof FIELDS>

/** Returns what a session stores of its user. */
export const accountOf = ({ username, access, accountVersion = 0 }: SessionUser): SessionAccount => ({
  username,
  access,
  version: accountVersion,
})

/** Records the time of an access. Returns the user, or null if there is none any more. */
export const noteAccess = (id: Types.ObjectId, now: Date): Promise<SessionUser | null> =>
  User.findOneAndUpdate(
    { _id: id },
    { $max: { lastAccessAt: now } },
    { projection: FIELDS, returnDocument: 'after', timestamps: false },
  )
    .lean()
    .exec()

/** Reads the users whose sessions do not match them yet. */
export const usersOfOutdatedSessions = (): AsyncIterable<SessionUser> =>
  User.find({ sessionsPending: true }, FIELDS).lean().cursor()

/**
 * Makes a session match its user. Returns the session as it is stored afterwards. If it is no longer valid for the user,
 * ends it and returns null.
 */
export async function matchSession(
  session: SessionFields,
  user: SessionUser | null,
): Promise<SessionFields | null> {
  const { _id, account: stored } = session
  if (!user || isInactive(user) || !isSessionValid(user, session)) {
    await Session.end(_id)
    return null
  }
  const account = accountOf(user)
  const epoch = user.sessionEpoch ?? 0
  const fields = ['username', 'access', 'version'] as const
  if (fields.every((field) => stored?.[field] === account[field]) && session.epoch === epoch) return session
  await Session.updateOne({ _id, ...notNewerThan(account) }, { $set: { account }, $max: { epoch } })
  return { ...session, account, epoch }
}

/**
 * Makes all sessions of a user match the user: ends those from before the last password change or disabling, and stores
 * the user's values in the others. Can be repeated, and can run several times at once: a call for an earlier state of
 * the user changes nothing that a call for a later state has stored. Call it after each change of a user that increments
 * `accountVersion` or `sessionEpoch`.
 *
 * @param user the user after the change
 */
export async function matchSessions(user: SessionUser): Promise<void> {
  const { _id, sessionEpoch: epoch = 0, epochSession } = user
  const account = accountOf(user)
  if (epoch > 0) {
    // a session of an earlier release can lack the field
    const isOlder = { epoch: { $not: { $gte: epoch } } }
    if (epochSession) await Session.updateOne({ _id: epochSession, user: _id, ...isOlder }, { epoch })
    await Session.deleteMany({ user: _id, ...isOlder })
  }
  await Session.updateMany({ user: _id, ...notNewerThan(account) }, { account })
  await User.updateOne(
    { _id, accountVersion: sameCounter(account.version), sessionEpoch: sameCounter(epoch) },
    { sessionsPending: false },
    { timestamps: false },
  )
}

/** Returns the filter of the sessions with the same or an earlier account, or, from an earlier release, none. */
const notNewerThan = ({ version }: SessionAccount): QueryFilter<SessionFields> => ({
  'account.version': { $not: { $gt: version } },
})

/**
 * Returns the account of a session as it is stored now; null if the session was ended after it was read, by a sign-out or
 * a revocation. A session that expired in the meantime does not count as ended. Because the database removes expired
 * sessions, the user decides then.
 */
export async function currentAccount(
  session: SessionFields,
  now: Date,
): Promise<Pick<SessionAccount, 'access'> | null> {
  const { _id, expiresAt } = session
  const stored = await readSession(_id.toString())
  if (stored?.account) return stored.account
  return !stored && expiresAt > now ? null : User.findBySession(session)
}
