import { randomBytes } from 'node:crypto'
import type { Types } from 'mongoose'
import type { PendingDeletion, Unsettled } from '../../models/asset.ts'
import { SERVER } from '../../models/capacity.ts'
import {
  type Finished,
  isSettled,
  type RemovalNumber,
  removalId,
  removalNumber,
} from '../../models/plugins/settled-removals.ts'
import { entriesOf } from '../../models/plugins/space.ts'
import { ledgersOf, settle } from './reservations.ts'

/** Largest number of users whose removals are remembered while none of them is running. */
const MAX_IDLE = 1000
/** When a ledger lists this many removals, because an older one cannot be finished, the numbering starts again. */
const MAX_LISTED = 500

/** The removals of this process that change one ledger. */
interface Progress {
  running: Set<number>
  /** The numbers that the ledger lists as counted. */
  listed: Set<number>
}

/** Numbers the removals of this process, and remembers which are finished, so that ledgers list few of them. */
class Numbering {
  #process = newProcessId()
  #last = 0
  readonly #ledgers = new Map<string, Progress>()

  /** Begins a removal of an owner's objects. Returns its id. */
  begin(owner: Types.ObjectId): string {
    if (this.#progressOf(SERVER).listed.size >= MAX_LISTED) this.#restart()
    this.#last += 1
    for (const ledger of [SERVER, owner]) this.#progressOf(ledger).running.add(this.#last)
    this.#forgetIdle()
    return removalId({ process: this.#process, number: this.#last })
  }

  /** Ends a removal: no asset names it any more. */
  end(owner: Types.ObjectId, id: string): void {
    const removal = removalNumber(id)
    if (removal?.process !== this.#process) return
    for (const ledger of [SERVER, owner]) this.#ledgers.get(String(ledger))?.running.delete(removal.number)
  }

  /** Returns the numbers that a ledger does not need to list when it counts this removal. */
  finishedBefore(ledger: Types.ObjectId | string, { process, number }: RemovalNumber): Finished {
    const progress = this.#ledgers.get(String(ledger))
    if (process !== this.#process || !progress) return { upTo: 0, listed: [] }
    const upTo = Math.min(number, ...progress.running) - 1
    return { upTo, listed: [...progress.listed].filter((one) => one <= upTo) }
  }

  /** Records that a ledger lists a removal now, and no longer these others. */
  listed(ledger: Types.ObjectId | string, { process, number }: RemovalNumber, others: number[]): void {
    const progress = this.#ledgers.get(String(ledger))
    if (process !== this.#process || !progress) return
    for (const other of others) progress.listed.delete(other)
    progress.listed.add(number)
  }

  #progressOf(ledger: Types.ObjectId | string): Progress {
    const key = String(ledger)
    const progress = this.#ledgers.get(key) ?? { running: new Set(), listed: new Set() }
    this.#ledgers.set(key, progress)
    return progress
  }

  #restart(): void {
    this.#process = newProcessId()
    this.#last = 0
    this.#ledgers.clear()
  }

  #forgetIdle(): void {
    if (this.#ledgers.size <= MAX_IDLE) return
    for (const [key, { running }] of this.#ledgers)
      if (running.size === 0 && key !== SERVER) this.#ledgers.delete(key)
  }
}

const newProcessId = () => randomBytes(6).toString('hex')

let numbering = new Numbering()

/** Forgets the removals of this process, as its end does. Tests that leave removals unfinished need it. */
export function restartNumbering(): void {
  numbering = new Numbering()
}

/** Begins a removal of an owner's objects. Returns its id. Changes nothing in the database. */
export const beginRemoval = (owner: Types.ObjectId): string => numbering.begin(owner)

/** Ends a removal. Call it when no asset names it any more, or its update did not take place. */
export const endRemoval = (owner: Types.ObjectId, { id }: Pick<PendingDeletion, 'id'>): void =>
  numbering.end(owner, id)

/**
 * Gives back the space of deleted objects in both ledgers, once for each removal, however often it is called: one
 * update of each ledger, the server's first. Settles the uploads of the asset before, in the rare case that their
 * process died directly after the commit.
 *
 * @param unsettled the uploads that the asset lists
 */
export async function settleRemoval(
  owner: Types.ObjectId,
  { id, bytes, files }: PendingDeletion,
  unsettled: Unsettled[],
): Promise<void> {
  const removal = removalNumber(id)
  const ledgers = ledgersOf(owner).toReversed()
  if (!removal) {
    await settleUploads(owner, unsettled)
    return settle(ledgersOf(owner), id, { bytes: -bytes, files: -files })
  }
  const closed = unsettled.map((entry) => entry.id)
  for (const { model, id: ledger } of ledgers)
    for (;;) {
      const finished = numbering.finishedBefore(ledger, removal)
      if (await model.settleRemoval(ledger, removal, { bytes, files }, { closed, finished })) {
        numbering.listed(ledger, removal, finished.listed)
        break
      }
      const space = await model.spaceOf(ledger)
      if (space && entriesOf(space).some((entry) => closed.includes(entry.id)))
        await settleUploads(owner, unsettled)
      if (!space || isSettled(space, id)) break
    }
}

/** Settles the committed uploads of an asset, where that is not done yet. */
export async function settleUploads(owner: Types.ObjectId, unsettled: Unsettled[]): Promise<void> {
  for (const entry of unsettled) await settle(ledgersOf(owner), entry.id, entry)
}
