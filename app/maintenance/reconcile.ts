import { setTimeout as delay } from 'node:timers/promises'
import type { Types } from 'mongoose'
import type { Logger } from 'pino'
import { Capacity, SERVER } from '../../models/capacity.ts'
import { entriesOf, reservedBy, type Settlement, type Space } from '../../models/plugins/space.ts'
import { User } from '../../models/user.ts'
import { eachUser } from '../../models/user-state.ts'
import { recountCorrections } from '../metrics/counters.ts'
import type { Ledger } from '../quota/reservations.ts'
import { actualUsageOfServer, actualUsageOfUser } from './actual-usage.ts'
import { findOrphanReservations, forgetOldRemovals } from './orphans.ts'

/** The sums of a ledger: bytes and numbers of files. */
export interface Sums {
  used: number
  reserved: number
  files: number
  reservedFiles: number
}

/** A ledger whose sums differ from the actual usage. */
export interface Discrepancy {
  /** The name of the user; null for the server. */
  username: string | null
  was: Sums
  is: Sums
  /** Number of orphaned reservations. */
  orphans: number
}

interface Options {
  /** Whether to correct the ledgers. */
  fix: boolean
  /** Reservations opened later are not orphans yet. */
  before: Date
}

/** `busy`: the ledger changed during every attempt, so that it could not be compared. */
type Outcome = Discrepancy | 'right' | 'busy'

interface Account extends Ledger {
  username: string | null
  /** Returns null when the usage could not be computed, because another ledger changed meanwhile. */
  actualUsage: (space: Space) => Promise<Settlement | null>
}

/** Grace period before a reservation without an upload is an orphan, in milliseconds. No request takes that long. */
export const ORPHAN_GRACE_MS = 3_600_000
/** Attempts to compare a ledger that other requests change at the same time. */
const ATTEMPTS = 6
/**
 * The first pause between two attempts to compare a ledger, in milliseconds. Each further pause is longer by this
 * amount.
 */
const PAUSE_MS = 100

/** Corrects every ledger. Logs a warning for each difference, because a difference means a bug. */
export async function reconcileUsage({ log }: { log: Logger }): Promise<void> {
  const before = new Date(Date.now() - ORPHAN_GRACE_MS)
  for await (const discrepancy of reconcile({ fix: true, before })) {
    recountCorrections.inc()
    log.warn(discrepancy, 'the recorded usage differed from the stored objects and was corrected')
  }
}

/**
 * Compares every ledger with the actual usage: the users first, because the server's usage is the sum of theirs.
 * Requests run meanwhile: a ledger is compared and corrected only if it did not change since it was read.
 */
export async function* reconcile(options: Options): AsyncGenerator<Discrepancy> {
  const uncorrected = { bytes: 0, files: 0 }
  for await (const { _id, username } of eachUser('username')) {
    const outcome = await reconcileUser(_id, username, options)
    if (typeof outcome !== 'object') continue
    if (!options.fix) {
      uncorrected.bytes += outcome.is.used - outcome.was.used
      uncorrected.files += outcome.is.files - outcome.was.files
    }
    yield outcome
  }
  const outcome = await reconcileServer(options, uncorrected)
  if (typeof outcome === 'object') yield outcome
}

const reconcileUser = (id: Types.ObjectId, username: string, options: Options): Promise<Outcome> =>
  compare({ model: User, id, username, actualUsage: (space) => actualUsageOfUser(id, space) }, options)

/** @param uncorrected the differences of the users' ledgers, when these were not corrected */
function reconcileServer(options: Options, uncorrected: Settlement): Promise<Outcome> {
  const actualUsage = async (space: Space) => {
    const actual = await actualUsageOfServer(space)
    return actual && { bytes: actual.bytes + uncorrected.bytes, files: actual.files + uncorrected.files }
  }
  return compare({ model: Capacity, id: SERVER, username: null, actualUsage }, options)
}

async function compare(account: Account, { fix, before }: Options): Promise<Outcome> {
  const { model, id, actualUsage } = account
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const space = await model.spaceOf(id)
    if (!space) return 'right'
    if (fix && attempt === 1) {
      await forgetOldRemovals({ model, id }, space)
      await model.shortenLists(id, space)
    }
    const orphans = await findOrphanReservations(space, before)
    const actual = await actualUsage(space)
    const outcome = actual && (await compareOnce({ account, space, orphans, actual, fix }))
    if (outcome) return outcome
    await delay(PAUSE_MS * attempt)
  }
  return 'busy'
}

interface Compared {
  account: Account
  space: Space
  orphans: string[]
  actual: Settlement
  fix: boolean
}

/** Compares a ledger with the actual usage, and corrects it. Returns null when the ledger changed meanwhile. */
async function compareOnce({ account, space, orphans, actual, fix }: Compared): Promise<Outcome | null> {
  const { model, id, username } = account
  const { bytes, files } = actual
  const { used, reserved, reservedFiles = 0 } = space
  const was = { used, reserved, files: space.files, reservedFiles }
  const held = reservedBy(entriesOf(space), orphans)
  const is = { used: bytes, reserved: held.bytes, files, reservedFiles: held.files }
  const isRight =
    orphans.length === 0 && (Object.keys(is) as (keyof Sums)[]).every((sum) => was[sum] === is[sum])
  const isUnchanged = async () => (await model.spaceOf(id))?.revision === space.revision
  const isDone =
    fix && !isRight ? await model.correct(id, space, { bytes, files, orphans }) : await isUnchanged()
  if (!isDone) return null
  return isRight ? 'right' : { username, was, is, orphans: orphans.length }
}
