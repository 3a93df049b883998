import { setTimeout as delay } from 'node:timers/promises'
import type { Types } from 'mongoose'
import { Capacity, SERVER } from '../../models/capacity.ts'
import type { LedgerStatics } from '../../models/plugins/ledger.ts'
import {
  entriesOf,
  type NewEntry,
  type OwnerState,
  type Quota,
  quotaOf,
  type Settlement,
  type Space,
} from '../../models/plugins/space.ts'
import { User } from '../../models/user.ts'
import {
  type AppError,
  notFound,
  serverFull,
  spaceExceeded,
  tooManyRequests,
  unavailable,
} from '../errors.ts'

/** The ledger of a user, or of the server. */
export interface Ledger {
  model: LedgerStatics
  id: Types.ObjectId | string
}

/** A ledger with the limits that a reservation must respect. */
export interface LimitedLedger extends Ledger {
  /** The limits where the ledger has no limits of its own. */
  quota: Quota
  /** Creates the error for a full ledger. */
  full: () => AppError
  /** Largest number of open entries. */
  mostOpen?: number
  /**
   * Bytes that an upload can reserve beyond the received ones; undefined for all announced bytes. On a ledger with
   * such a limit, an idle upload releases what it reserved ahead, so that announcing much does not block others.
   */
  aheadBytes?: number
}

/** Largest number of uploads of a user at the same time. */
export const MAX_OPEN_UPLOADS = 200
/** Bytes of the server's capacity that an upload can reserve beyond the received ones. */
const MAX_AHEAD_BYTES = 64_000_000
/** `Retry-After` for a client with too many open uploads, in seconds. */
const RETRY_SECONDS = 10
/** Largest number of files that an upload reserves when it begins. */
const FIRST_FILES_MAX = 20
/** Largest number of files that an upload reserves at a time later. */
const MORE_FILES_MAX = 100
/** When this many more files fit, an upload reserves several files at a time. */
const AMPLE_FILES = 1000
/** Longest total time that an upload waits until other uploads release unneeded bytes, in milliseconds. */
const MAX_WAIT_MS = 45_000
/** Longest time that an upload waits while its ledger does not change, in milliseconds. */
const MAX_UNCHANGED_MS = 15_000
/**
 * The first pause between two attempts to reserve space, in milliseconds. Each pause is twice as long as the one
 * before.
 */
const FIRST_PAUSE_MS = 50
/** The longest pause between two attempts to reserve space, in milliseconds. */
const LONGEST_PAUSE_MS = 800

/** Returns the ledgers that an owner's objects count against: the user's and the server's. */
export function ledgersOf(owner: Types.ObjectId): [Ledger, Ledger] {
  return [
    { model: User, id: owner },
    { model: Capacity, id: SERVER },
  ]
}

/** Returns the same ledgers with their limits. @param quota for users without limits of their own */
export function limitedLedgersOf(owner: Types.ObjectId, quota: Quota): [LimitedLedger, LimitedLedger] {
  const [user, server] = ledgersOf(owner)
  return [
    { ...user, quota, full: spaceExceeded, mostOpen: MAX_OPEN_UPLOADS },
    {
      ...server,
      quota: { limit: 0, fileLimit: Number.MAX_SAFE_INTEGER },
      full: serverFull,
      aheadBytes: MAX_AHEAD_BYTES,
    },
  ]
}

/** The bytes and files that an entry has reserved. */
export interface Reserved {
  bytes: number
  files: number
}

/** Controls how long one upload waits for free space: exponential backoff with jitter and a total limit. */
export class Backoff {
  #waitedMs = 0
  #seen = { revision: -1, atMs: 0 }
  #pauseMs = FIRST_PAUSE_MS

  /** Returns whether the upload must give up. @param revision of the ledger: when it changes, bytes can become free */
  isOver(revision: number): boolean {
    if (revision !== this.#seen.revision) this.#seen = { revision, atMs: this.#waitedMs }
    return this.#waitedMs > MAX_WAIT_MS || this.#waitedMs - this.#seen.atMs > MAX_UNCHANGED_MS
  }

  async pause(): Promise<void> {
    const began = Date.now()
    await delay(this.#pauseMs * (0.5 + Math.random()))
    this.#waitedMs += Date.now() - began
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
  }
}

/**
 * Reserves bytes and files with a new entry. When not all bytes fit, but `least` bytes can fit later, the new entry
 * reserves no bytes and `extendReservation` adds them. The entry reserves some of its files, near the limit of files only
 * one, and `reserveFiles` adds the others.
 *
 * @param least bytes that the upload needs at least; can be more than those of the entry
 * @returns what is reserved, and the state of the ledger's owner
 * @throws the ledger's `full` when `least` bytes cannot fit
 * @throws too_many_requests when the user has too many open uploads
 * @throws not_found for an account that is being deleted
 */
export async function reserve(
  ledger: LimitedLedger,
  entry: NewEntry,
  least: number,
): Promise<{ reserved: Reserved; state: OwnerState }> {
  const { id, model, full, quota, mostOpen } = ledger
  const bounds = mostOpen === undefined ? { least } : { least, mostOpen }
  const { bytes } = entry
  const files = Math.min(entry.files ?? 0, FIRST_FILES_MAX)
  const one = Math.min(files, 1)
  const open = async (part: Reserved & { slack?: number }, within: { least: number; freeFiles?: number }) => {
    const state = await model.reserve(id, { ...entry, ...part }, quota, within)
    return state && { reserved: { bytes: part.bytes, files: part.files }, state }
  }
  const opened =
    (await open({ bytes, files }, { ...bounds, freeFiles: files + AMPLE_FILES })) ??
    (files > 0 ? await open({ bytes, files: one }, bounds) : null)
  if (opened) return opened
  const refusal = (space: LimitedSpace) => {
    if (mostOpen !== undefined && space.uploads.length >= mostOpen) return tooManyRequests(RETRY_SECONDS)
    const filesFit = space.files + (space.reservedFiles ?? 0) + one <= space.fileLimit
    return filesFit && canFit(space, least, entriesOf(space)) ? null : full()
  }
  const refused = refusal(await spaceOf(ledger))
  if (refused) throw refused
  const openedEmpty = await open({ bytes: 0, slack: 0, files: one }, bounds)
  if (openedEmpty) return openedEmpty
  // Another upload was faster, or the account was set to be deleted.
  throw refusal(await spaceOf(ledger)) ?? notFound()
}

/**
 * Reserves more files for an open entry: near the limit one, else several.
 *
 * @param most files that the upload can still have, at least one
 * @returns the files added
 * @throws the ledger's `full`
 */
export async function reserveFiles(
  { model, id, quota, full }: LimitedLedger,
  entry: string,
  most: number,
): Promise<number> {
  const files = Math.min(most, MORE_FILES_MAX)
  if (files > 1 && (await model.extendFiles(id, entry, files, quota, AMPLE_FILES))) return files
  if (!(await model.extendFiles(id, entry, 1, quota))) throw full()
  return 1
}

/**
 * Reserves `wanted` more bytes for an open entry, or at least `needed` of them. Near the limit an entry waits only for
 * older entries, and only while it would fit if the older entries used only the bytes that they are certain to need. So
 * the youngest entry is refused first, two entries never wait for each other, and exactly as many uploads succeed as
 * fit.
 *
 * @param backoff shared by all reservations of the upload
 * @returns the bytes added
 * @throws the ledger's `full`
 */
export async function extendReservation(
  ledger: LimitedLedger,
  entry: string,
  { needed, wanted }: { needed: number; wanted: number },
  backoff: Backoff,
): Promise<number> {
  const { model, id, quota } = ledger
  if (wanted > needed && (await model.extend(id, entry, wanted, quota, wanted - needed))) return wanted
  for (;;) {
    if (await model.extend(id, entry, needed, quota)) return needed
    // All reserved bytes are used: set the slack to 0, so that no other upload waits for it.
    await model.extend(id, entry, 0, quota)
    await waitForSpace(ledger, entry, needed, backoff)
  }
}

/** Waits until `needed` bytes are free. @throws the ledger's `full` when they cannot become free */
async function waitForSpace(
  ledger: LimitedLedger,
  entry: string,
  needed: number,
  backoff: Backoff,
): Promise<void> {
  const { full } = ledger
  for (;;) {
    const space = await spaceOf(ledger)
    const entries = entriesOf(space)
    const place = entries.findIndex((other) => other.id === entry)
    const own = entries[place]
    if (!own)
      throw unavailable(
        new Error('another process discarded the upload as stale'),
        'The upload was interrupted for too long and was discarded; send it again.',
      )
    const older = entries.slice(0, place)
    if (!canFit(space, own.bytes + needed, older) || backoff.isOver(space.revision)) throw full()
    if (space.used + space.reserved + needed <= space.limit) return
    await backoff.pause()
  }
}

/**
 * Closes the entry in every ledger and adds the settlement to the usage. Does nothing in a ledger where it is closed
 * already. The user's ledger is the last, because its entry shows that the upload is not settled yet.
 */
export async function settle(ledgers: Ledger[], entry: string, settlement: Settlement): Promise<void> {
  for (const { model, id } of ledgers.toReversed()) await model.settle(id, entry, settlement)
}

type LimitedSpace = Space & Quota

/** Returns whether `needed` bytes fit if the other entries use only the bytes that they are certain to need. */
function canFit(space: LimitedSpace, needed: number, others: NewEntry[]): boolean {
  const least = others.reduce((sum, { bytes, slack }) => sum + bytes - slack, 0)
  return space.used + least + needed <= space.limit
}

async function spaceOf({ model, id, quota }: LimitedLedger): Promise<LimitedSpace> {
  const space = await model.spaceOf(id)
  if (!space) throw notFound()
  return { ...space, ...quotaOf(space, quota) }
}
