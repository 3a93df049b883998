import DataLoader from 'dataloader'
import type { QueryFilter } from 'mongoose'
import { NO_TRANSITION, type OwnersInTransition } from './asset-access.ts'
import { User } from './user.ts'
import type { UserFields } from './user-shape.ts'

/** Accounts in transition. One that was disabled before `readersPending` existed is among them. */
export const IN_TRANSITION: QueryFilter<UserFields> = {
  $or: [
    { disabled: true, readersPending: { $in: [true, null] } },
    { disabled: false, readersPending: true },
  ],
}

/** Whether an account's public assets are hidden. */
export const isClosed = ({ disabled, deleting }: Pick<UserFields, 'disabled' | 'deleting'>) =>
  disabled || deleting

/** Requests that ask at the same time share one query; no answer is kept for a later request. */
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

export const ownersInTransition = (): Promise<OwnersInTransition> => loader.load('')

/**
 * Reads what depends on who may read assets. Accounts in transition are rare: they are looked for beside the read,
 * which is repeated where there are some.
 */
export async function readConsistently<T>(read: (owners: OwnersInTransition) => Promise<T>): Promise<T> {
  const [result, owners] = await Promise.all([read(NO_TRANSITION), ownersInTransition()])
  return owners.hidden.length + owners.shown.length > 0 ? read(owners) : result
}
