import type { QueryFilter, Types } from 'mongoose'
import type { AccessLevel } from './access-level.ts'
import { User, type UserDocument, type UserFields, usable } from './user.ts'

/** The rights of an account that an admin sets. An absent right is not changed. */
export interface Rights {
  access?: AccessLevel | undefined
  disabled?: boolean | undefined
  /** The quota in bytes; null: the server's default. */
  limit?: number | null | undefined
  /** The quota of files; null: the server's default. */
  fileLimit?: number | null | undefined
}

/** Sets rights of an account. Call `matchSessions` afterwards. Returns null when the account does not exist or is being deleted. */
export function grantRights(
  id: Types.ObjectId,
  { access, disabled, limit, fileLimit }: Rights,
): Promise<UserDocument | null> {
  const changesSessions = access !== undefined || disabled !== undefined
  return User.findOneAndUpdate(
    { _id: id, deleting: false },
    {
      $set: {
        ...(access === undefined ? {} : { access }),
        ...(disabled === undefined ? {} : { disabled, readersPending: true }),
        ...(changesSessions ? { sessionsPending: true } : {}),
        ...(disabled ? { epochSession: null } : {}),
        ...(limit === undefined ? {} : { 'space.limit': limit }),
        ...(fileLimit === undefined ? {} : { 'space.fileLimit': fileLimit }),
      },
      ...(changesSessions ? { $inc: { accountVersion: 1, ...(disabled ? { sessionEpoch: 1 } : {}) } } : {}),
    },
    { returnDocument: 'after' },
  ).exec()
}

/** Returns whether there is an admin other than this user whose account can be used. */
export async function hasOtherAdmin(id: Types.ObjectId): Promise<boolean> {
  return (await User.exists({ _id: { $ne: id }, access: 'admin', ...usable })) !== null
}

/** Begins the deletion of an account, or cancels it. */
export async function setDeleting(id: Types.ObjectId, deleting: boolean): Promise<void> {
  await User.updateOne({ _id: id }, { deleting, readersPending: true }, { timestamps: false })
}

/**
 * Owners in transition: the `readers` of their public assets do not match the state of the account yet. The assets of a
 * disabled or deleted account lose the reader `public`, and get it back when the account is enabled. This takes time if
 * there are many assets. Until it is done, reads check the owner.
 */
export interface OwnersInTransition {
  /** Their public assets are hidden, even with the reader `public`. */
  hidden: Types.ObjectId[]
  /** Their public assets are shown, even without the reader `public`. */
  shown: Types.ObjectId[]
}

export const NO_TRANSITION: OwnersInTransition = { hidden: [], shown: [] }

/** The accounts in transition as filters, including those that were disabled before `readersPending` existed. */
export const IN_TRANSITION: QueryFilter<UserFields>[] = [
  { disabled: true, readersPending: { $in: [true, null] } },
  { disabled: false, readersPending: true },
]

/** Returns whether an account cannot be used. Its public assets are hidden. */
export const isInactive = ({ disabled, deleting }: Partial<Pick<UserFields, 'disabled' | 'deleting'>>) =>
  Boolean(disabled || deleting)

type State = Pick<UserFields, '_id' | 'disabled' | 'deleting'>

/** Returns the state of an account in transition; null for another account. */
export function transitionOf(id: Types.ObjectId): Promise<State | null> {
  return User.findOne({ _id: id, $or: IN_TRANSITION }, { disabled: 1, deleting: 1 }).lean().exec()
}

/** Ends the transition of an account. Returns false when the state of the account has changed. */
export async function endTransition({ _id, disabled, deleting }: State): Promise<boolean> {
  const { matchedCount } = await User.updateOne(
    { _id, disabled, deleting },
    { readersPending: false },
    { timestamps: false },
  )
  return matchedCount === 1
}

/** Begins the transition of an account again. */
export async function restartTransition(id: Types.ObjectId): Promise<void> {
  await User.updateOne({ _id: id }, { readersPending: true }, { timestamps: false })
}

/** Reads the ids of the accounts in transition. */
export const usersInTransition = (): AsyncIterable<Pick<UserFields, '_id'>> =>
  User.find({ $or: IN_TRANSITION }, { _id: 1 }).lean().cursor()

/** Reads the ids of the accounts that are being deleted. */
export const usersToDelete = (): AsyncIterable<Pick<UserFields, '_id'>> =>
  User.find({ deleting: true }, { _id: 1 }).lean().cursor()

/** Returns whether an account is being deleted. */
export async function isBeingDeleted(id: Types.ObjectId): Promise<boolean> {
  return (await User.exists({ _id: id, deleting: true })) !== null
}

/** Deletes the document of an account that is being deleted, which frees its names. */
export async function removeUser(id: Types.ObjectId): Promise<void> {
  await User.deleteOne({ _id: id, deleting: true })
}

/** Returns whether an account can be used. */
export async function isActive(id: Types.ObjectId): Promise<boolean> {
  return (await User.exists({ _id: id, ...usable })) !== null
}

/** Returns whether an account exists and is not being deleted. */
export async function isKept(id: Types.ObjectId): Promise<boolean> {
  return (await User.exists({ _id: id, deleting: false })) !== null
}

/** Reads one field of every account. */
export function eachUser<Field extends 'location' | 'space' | 'username'>(
  field: Field,
): AsyncIterable<Pick<UserFields, '_id' | Field>> {
  return User.find({}).select([field]).lean().cursor()
}

/** Reads every account that is not being deleted, including the fields that other reads leave out. */
export const usersWithSecrets = (): AsyncIterable<UserFields> =>
  User.find({ deleting: false }).select('+passwordHash +knownAddresses').lean().cursor()

/** Reads the ids of the accounts with ledger entries that a process of an earlier release opened before a time. */
export const usersWithEntriesBefore = (time: Date): AsyncIterable<Pick<UserFields, '_id'>> =>
  User.find({ 'space.open.at': { $lt: time } }, { _id: 1 })
    .lean()
    .cursor()
