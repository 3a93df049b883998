import type { Types } from 'mongoose'
import { Capacity, SERVER } from '../../models/capacity.ts'
import type { LedgerStatics, NewEntry, Settlement, Space } from '../../models/plugins/ledger.ts'
import { User } from '../../models/user.ts'
import { type AppError, notFound, serverFull, spaceExceeded, unavailable } from '../errors.ts'
import { Patience } from './patience.ts'

/** An account of space that an upload counts against, and what its being full is called. */
export interface Account {
  ledger: LedgerStatics
  id: Types.ObjectId | string
  full: () => AppError
}

/** Everything stored counts twice: against its owner and against the server. */
export function accountsOf(owner: Types.ObjectId): Account[] {
  return [
    { ledger: User, id: owner, full: spaceExceeded },
    { ledger: Capacity, id: SERVER, full: serverFull },
  ]
}

/**
 * Opens an entry for `bytes`, of which `slack` may not be needed. Where all does not fit, the entry is opened
 * empty if what is surely needed may yet fit, and grows by `extend`.
 *
 * @returns the bytes reserved
 * @throws the account's `full` when what is needed cannot fit, `not_found` for an account under deletion
 */
export async function open({ ledger, id, full }: Account, entry: NewEntry): Promise<number> {
  if (await ledger.reserve(id, entry)) return entry.bytes
  const space = await spaceOf(ledger, id)
  if (!mayFit(space, entry.bytes - entry.slack, space.open)) throw full()
  if (!(await ledger.reserve(id, { ...entry, bytes: 0, slack: 0 }))) throw notFound()
  return 0
}

/**
 * Adds `wanted` bytes to an open entry, or at least `needed` of them. Near the limit an entry waits only for
 * older ones, and only while it fits if they need no more than they must: so the youngest gives way, two never
 * wait for each other, and exactly as many succeed as fit.
 *
 * @returns the bytes added
 * @throws the account's `full`
 */
export async function extend(
  account: Account,
  entry: string,
  needed: number,
  wanted: number,
): Promise<number> {
  const { ledger, id } = account
  if (wanted > needed && (await ledger.extend(id, entry, wanted, wanted - needed))) return wanted
  const patience = new Patience()
  for (;;) {
    if (await ledger.extend(id, entry, needed)) return needed
    // What is held is used up: whoever waits for this entry must not wait for its slack.
    await ledger.extend(id, entry, 0)
    await untilFree(account, entry, needed, patience)
  }
}

/** Waits until `needed` bytes are free. @throws the account's `full` when they will not be */
async function untilFree(
  { ledger, id, full }: Account,
  entry: string,
  needed: number,
  patience: Patience,
): Promise<void> {
  for (;;) {
    const space = await spaceOf(ledger, id)
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

function mayFit(space: Space, needed: number, others: NewEntry[]): boolean {
  const least = others.reduce((sum, { bytes, slack }) => sum + bytes - slack, 0)
  return space.used + least + needed <= space.limit
}

async function spaceOf(ledger: LedgerStatics, id: Account['id']): Promise<Space> {
  const space = await ledger.spaceOf(id)
  if (!space) throw notFound()
  return space
}
