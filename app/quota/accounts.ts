import type { Types } from 'mongoose'
import { Capacity, SERVER } from '../../models/capacity.ts'
import {
  type LedgerStatics,
  type NewEntry,
  type Quota,
  quotaOf,
  type Settlement,
  type Space,
} from '../../models/plugins/ledger.ts'
import { User } from '../../models/user.ts'
import {
  type AppError,
  notFound,
  serverFull,
  spaceExceeded,
  tooManyRequests,
  unavailable,
} from '../errors.ts'
import type { Patience } from './backoff.ts'

/** An account of space that entries are settled on. */
export interface Account {
  ledger: LedgerStatics
  id: Types.ObjectId | string
}

/** An account of space that an upload reserves on. */
export interface LimitedAccount extends Account {
  /** The limits where the account has none of its own. */
  quota: Quota
  /** The error when the account is full. */
  full: () => AppError
  /** The most open entries. */
  mostOpen?: number
  /**
   * How many bytes an upload holds beyond those that have come; absent: all that it announced. An account with
   * such a bound gets back what is beyond once no byte came for a while, so that nobody takes it by announcing.
   */
  aheadBytes?: number
}

/** The most uploads of a user at a time. */
export const OPEN_UPLOADS = 200
/** What an upload holds of the server's capacity beyond the bytes that have come: 64 MB. */
export const AHEAD_BYTES = 64_000_000
/** Seconds after which a client may try again that has too many uploads open. */
const RETRY_SECONDS = 10

/** Returns the accounts that what a user stores counts against: the user's and the server's. */
export function accountsOf(owner: Types.ObjectId): [Account, Account] {
  return [
    { ledger: User, id: owner },
    { ledger: Capacity, id: SERVER },
  ]
}

/** Returns the same accounts with their limits. @param quota of users without limits of their own */
export function limitedAccountsOf(owner: Types.ObjectId, quota: Quota): LimitedAccount[] {
  const [user, server] = accountsOf(owner)
  return [
    { ...user, quota, full: spaceExceeded, mostOpen: OPEN_UPLOADS },
    {
      ...server,
      quota: { limit: 0, fileLimit: Number.MAX_SAFE_INTEGER },
      full: serverFull,
      aheadBytes: AHEAD_BYTES,
    },
  ]
}

/** What an entry holds. */
export interface Reserved {
  bytes: number
  files: number
}

/** Files that must be free beside the most that an upload can bring for all of them to be reserved at once. */
const AMPLE_FILES = 1000

/**
 * Opens an entry. Where all of its bytes do not fit, the entry is opened empty if what is surely needed may yet fit,
 * and grows by `extend`. Near the limit of files it is opened for one file and grows by `addFile`.
 *
 * @param least bytes that will be needed at least, also beyond those of the entry
 * @throws the account's `full` when `least` bytes cannot fit, too_many_requests when too many uploads are open,
 *   not_found for an account under deletion
 */
export async function open(account: LimitedAccount, entry: NewEntry, least: number): Promise<Reserved> {
  const { id, ledger, full, quota, mostOpen } = account
  const bounds = mostOpen === undefined ? { least } : { least, mostOpen }
  const { bytes, files = 0 } = entry
  const one = Math.min(files, 1)
  const ample = { ...bounds, freeFiles: files + AMPLE_FILES }
  if (await ledger.reserve(id, entry, quota, ample)) return { bytes, files }
  if (files > 0 && (await ledger.reserve(id, { ...entry, files: one }, quota, bounds)))
    return { bytes, files: one }
  const refusal = (space: LimitedSpace) => {
    if (mostOpen !== undefined && space.open.length >= mostOpen) return tooManyRequests(RETRY_SECONDS)
    const filesFit = space.files + (space.reservedFiles ?? 0) + one <= space.fileLimit
    return filesFit && mayFit(space, least, space.open) ? null : full()
  }
  const refused = refusal(await spaceOf(account))
  if (refused) throw refused
  const empty = { ...entry, bytes: 0, slack: 0, files: one }
  if (await ledger.reserve(id, empty, quota, bounds)) return { bytes: 0, files: one }
  // another upload took the last place or file, or the account takes no uploads any more
  throw refusal(await spaceOf(account)) ?? notFound()
}

/** Adds a file to an open entry. @throws the account's `full` */
export async function addFile({ ledger, id, quota, full }: LimitedAccount, entry: string): Promise<void> {
  if (!(await ledger.extendFiles(id, entry, 1, quota))) throw full()
}

/**
 * Adds `wanted` bytes to an open entry, or at least `needed` of them. Near the limit an entry waits only for
 * older ones, and only while it fits if they need no more than they must: so the youngest gives way, two never
 * wait for each other, and exactly as many succeed as fit.
 *
 * @param patience how long the whole upload has waited
 * @returns the bytes added
 * @throws the account's `full`
 */
export async function extend(
  account: LimitedAccount,
  entry: string,
  needed: number,
  wanted: number,
  patience: Patience,
): Promise<number> {
  const { ledger, id, quota } = account
  if (wanted > needed && (await ledger.extend(id, entry, wanted, quota, wanted - needed))) return wanted
  for (;;) {
    if (await ledger.extend(id, entry, needed, quota)) return needed
    // What is held is used up: whoever waits for this entry must not wait for its slack.
    await ledger.extend(id, entry, 0, quota)
    await untilFree(account, entry, needed, patience)
  }
}

/** Waits until `needed` bytes are free. @throws the account's `full` when they will not be */
async function untilFree(
  account: LimitedAccount,
  entry: string,
  needed: number,
  patience: Patience,
): Promise<void> {
  const { full } = account
  for (;;) {
    const space = await spaceOf(account)
    const place = space.open.findIndex((other) => other.id === entry)
    const own = space.open[place]
    if (!own) throw unavailable(new Error('the upload was given up for dead'))
    const mayYetFit = mayFit(space, own.bytes + needed, space.open.slice(0, place))
    if (!mayYetFit || patience.isOver(space.revision)) throw full()
    if (space.used + space.reserved + needed <= space.limit) return
    await patience.pause()
  }
}

/** Closes the entry on every account, counting what came of it; what was closed before stays as it is. */
export async function settle(accounts: Account[], entry: string, settlement: Settlement): Promise<void> {
  for (const { ledger, id } of accounts) await ledger.settle(id, entry, settlement)
}

type LimitedSpace = Space & Quota

function mayFit(space: LimitedSpace, needed: number, others: NewEntry[]): boolean {
  const least = others.reduce((sum, { bytes, slack }) => sum + bytes - slack, 0)
  return space.used + least + needed <= space.limit
}

async function spaceOf({ ledger, id, quota }: LimitedAccount): Promise<LimitedSpace> {
  const space = await ledger.spaceOf(id)
  if (!space) throw notFound()
  return { ...space, ...quotaOf(space, quota) }
}
