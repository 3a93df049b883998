import DataLoader from 'dataloader'
import type { QueryFilter, Types } from 'mongoose'
import { type AccessLevel, User, type UserDocument, type UserFields, usable } from './user.ts'

/** The rights of an account that an admin sets; an absent one stays. */
export interface Rights {
  access?: AccessLevel | undefined
  disabled?: boolean | undefined
  /** The quota in bytes; null: the server's default. */
  limit?: number | null | undefined
  /** The quota of files; null: the server's default. */
  fileLimit?: number | null | undefined
}

/** Sets rights of an account. Returns null when the account does not exist or is being deleted. */
export function grantRights(
  id: Types.ObjectId,
  { access, disabled, limit, fileLimit }: Rights,
): Promise<UserDocument | null> {
  return User.findOneAndUpdate(
    { _id: id, deleting: false },
    {
      $set: {
        ...(access === undefined ? {} : { access }),
        ...(disabled === undefined ? {} : { disabled, readersPending: true }),
        ...(disabled ? { epochSession: null } : {}),
        ...(limit === undefined ? {} : { 'space.limit': limit }),
        ...(fileLimit === undefined ? {} : { 'space.fileLimit': fileLimit }),
      },
      ...(disabled ? { $inc: { sessionEpoch: 1 } } : {}),
    },
    { returnDocument: 'after' },
  ).exec()
}

/** Returns whether another admin than this one can use their account. */
export async function hasOtherAdmin(id: Types.ObjectId): Promise<boolean> {
  return (await User.exists({ _id: { $ne: id }, access: 'admin', ...usable })) !== null
}

/** Begins the deletion of an account, or takes it back. */
export async function setDeleting(id: Types.ObjectId, deleting: boolean): Promise<void> {
  await User.updateOne({ _id: id }, { deleting, readersPending: true }, { timestamps: false })
}

/**
 * Owners in transition: the `readers` of their public assets do not match the state of the account yet. The assets of a
 * disabled or deleted account lose the reader `public`, and get it back with the account. That takes time when there
 * are many. Until it is done, reads check the owner.
 */
export interface OwnersInTransition {
  /** Their public assets are hidden, even with the reader `public`. */
  hidden: Types.ObjectId[]
  /** Their public assets are shown, even without the reader `public`. */
  shown: Types.ObjectId[]
}

export const NO_TRANSITION: OwnersInTransition = { hidden: [], shown: [] }

/** Accounts in transition. One that was disabled before `readersPending` existed is one of them. */
export const IN_TRANSITION: QueryFilter<UserFields> = {
  $or: [
    { disabled: true, readersPending: { $in: [true, null] } },
    { disabled: false, readersPending: true },
  ],
}

/** Returns whether an account's public assets are hidden. */
export const isClosed = ({ disabled, deleting }: Pick<UserFields, 'disabled' | 'deleting'>) =>
  disabled || deleting

/** Shares one query among requests at the same time. Keeps no answer for a later request. */
const loader = new DataLoader<string, OwnersInTransition>(
  async (keys) => {
    const accounts = await User.find(IN_TRANSITION, { disabled: 1, deleting: 1 }).lean()
    const owners = {
      hidden: accounts.filter(isClosed).map(({ _id }) => _id),
      shown: accounts.filter((account) => !isClosed(account)).map(({ _id }) => _id),
    }
    return keys.map(() => owners)
  },
  { cache: false, batchScheduleFn: (load) => setImmediate(load) },
)

/** Returns the owners in transition. */
export const ownersInTransition = (): Promise<OwnersInTransition> => loader.load('')
