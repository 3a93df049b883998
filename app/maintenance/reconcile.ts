import { setTimeout as delay } from 'node:timers/promises'
import type { Types } from 'mongoose'
import { Capacity, SERVER } from '../../models/capacity.ts'
import { type LedgerStatics, reservedBy, type Settlement, type Space } from '../../models/plugins/ledger.ts'
import { User } from '../../models/user.ts'
import { eachUser } from '../../models/user-state.ts'
import { truthOfServer, truthOfUser } from './actual-usage.ts'
import { findStrays } from './orphan-reservations.ts'

/** The sums of an account, in bytes and a number of files. */
export interface Sums {
  used: number
  reserved: number
  files: number
  reservedFiles: number
}

/** An account whose sums are not what is stored. */
export interface Discrepancy {
  /** A username, or `null` for the server's own account. */
  username: string | null
  was: Sums
  is: Sums
  /** Open entries that belong to nothing. */
  strays: number
}

interface Options {
  /** Whether to put right what is wrong. */
  fix: boolean
  /** Open entries that are younger are not judged. */
  before: Date
}

/** `busy`: the account changed each time while it was being recounted; it is as good a sign as any that it works. */
type Outcome = Discrepancy | 'right' | 'busy'

interface Recount {
  ledger: LedgerStatics
  id: Types.ObjectId | string
  username: string | null
  truth: (space: Space) => Promise<Settlement>
}

const ATTEMPTS = 6
const PAUSE_MS = 100

/**
 * Compares every account with what is stored, users first: the server's is the sum of theirs. Uploads go on
 * meanwhile: an account is judged, and written, only if nothing has changed it since it was read.
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
  recount({ ledger: User, id, username, truth: (space) => truthOfUser(id, space) }, options)

/** @param uncorrected what the users' accounts lack, where they have been left as they were */
function reconcileServer(options: Options, uncorrected: Settlement): Promise<Outcome> {
  const truth = async (space: Space) => {
    const { bytes, files } = await truthOfServer(space)
    return { bytes: bytes + uncorrected.bytes, files: files + uncorrected.files }
  }
  return recount({ ledger: Capacity, id: SERVER, username: null, truth }, options)
}

async function recount({ ledger, id, username, truth }: Recount, { fix, before }: Options): Promise<Outcome> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const space = await ledger.spaceOf(id)
    if (!space) return 'right'
    const strays = await findStrays(space.open, before)
    const { bytes, files } = await truth(space)
    const { used, reserved, reservedFiles = 0 } = space
    const was = { used, reserved, files: space.files, reservedFiles }
    const held = reservedBy(space.open, strays)
    const is = { used: bytes, reserved: held.bytes, files, reservedFiles: held.files }
    const isRight =
      strays.length === 0 && (Object.keys(is) as (keyof Sums)[]).every((sum) => was[sum] === is[sum])
    const unchanged = async () => (await ledger.spaceOf(id))?.revision === space.revision
    const settled =
      fix && !isRight ? await ledger.correct(id, space, { bytes, files, strays }) : await unchanged()
    if (settled && isRight) return 'right'
    if (settled) return { username, was, is, strays: strays.length }
    await delay(PAUSE_MS * attempt)
  }
  return 'busy'
}
