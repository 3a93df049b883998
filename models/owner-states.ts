import { setTimeout as delay } from 'node:timers/promises'
import DataLoader from 'dataloader'
import type { Types } from 'mongoose'
import { User, type UserFields } from './user.ts'
import { IN_TRANSITION, isInactive, NO_TRANSITION, type OwnersInTransition } from './user-state.ts'

/** Longest age of the account states that a read uses, in milliseconds from the start of their query. */
const MAX_AGE_MS = 200
/** Longest difference between two clocks over `MAX_AGE_MS`, and between a timer and its clock, in milliseconds. */
const MARGIN_MS = 50

/** The fields of an account that decide who can see its public assets and its username. */
export type OwnerState = Pick<
  UserFields,
  '_id' | 'username' | 'discoverable' | 'disabled' | 'deleting' | 'readersPending'
>

const FIELDS = {
  username: 1,
  discoverable: 1,
  disabled: 1,
  deleting: 1,
  readersPending: 1,
} as const

/** The key of all accounts in transition. Every other key is an account id. */
const TRANSITION = ''

/**
 * The states of accounts, for readers of their assets. A snapshot is used for `MAX_AGE_MS` and shared by all requests of
 * the process. It loads what is missing: requests at the same time share one query.
 */
class Snapshot {
  /** By a monotonic clock, and before the start of every query of this snapshot. */
  readonly #beganAt = performance.now()
  readonly #found = new Map<string, OwnerState | null>()
  #transition: OwnersInTransition | undefined
  readonly #loader = new DataLoader<string, null>((keys) => this.#read(keys), {
    batchScheduleFn: (load) => setImmediate(load),
  })

  get isFresh(): boolean {
    return performance.now() - this.#beganAt < MAX_AGE_MS
  }

  get transition(): OwnersInTransition | undefined {
    return this.#transition
  }

  /** Returns the state of a loaded account; null when there is no such account. */
  of(id: Types.ObjectId): OwnerState | null {
    return this.#found.get(id.toString()) ?? null
  }

  async load(ids: readonly Types.ObjectId[], withTransition: boolean): Promise<void> {
    const missing = new Set(ids.map(String).filter((id) => !this.#found.has(id)))
    if (withTransition && !this.#transition) missing.add(TRANSITION)
    if (missing.size > 0) await Promise.all([...missing].map((key) => this.#loader.load(key)))
  }

  async #read(keys: readonly string[]): Promise<null[]> {
    const ids = keys.filter((key) => key !== TRANSITION)
    const withTransition = ids.length < keys.length
    const $or = [...(ids.length > 0 ? [{ _id: { $in: ids } }] : []), ...(withTransition ? IN_TRANSITION : [])]
    const accounts = await User.find({ $or }, FIELDS).lean().catch(discard)
    for (const id of ids) this.#found.set(id, null)
    for (const account of accounts) this.#found.set(account._id.toString(), account)
    if (withTransition) this.#transition = transitionAmong(accounts)
    return keys.map(() => null)
  }
}

function transitionAmong(accounts: OwnerState[]): OwnersInTransition {
  const changing = accounts.filter(({ disabled, readersPending }) => readersPending ?? disabled)
  if (changing.length === 0) return NO_TRANSITION
  return {
    hidden: changing.filter(isInactive).map(({ _id }) => _id),
    shown: changing.filter((account) => !isInactive(account)).map(({ _id }) => _id),
  }
}

let latest: Snapshot | undefined

/** Makes the next read begin a new snapshot, because this one contains an error. */
function discard(error: unknown): never {
  latest = undefined
  throw error
}

function currentSnapshot(): Snapshot {
  if (!latest?.isFresh) latest = new Snapshot()
  return latest
}

/** Returns the states of accounts by their ids. An account that does not exist has none. */
export async function ownerStates(ids: readonly Types.ObjectId[]): Promise<Pick<Snapshot, 'of'>> {
  const snapshot = currentSnapshot()
  await snapshot.load(ids, false)
  return snapshot
}

/** Returns the state of an account, or null. */
export async function ownerState(id: Types.ObjectId): Promise<OwnerState | null> {
  return (await ownerStates([id])).of(id)
}

/**
 * Runs a read of public assets that depends on the owners in transition. When their current state is not known, reads
 * first, gets the states of the owners together with those in transition, and repeats the read in the rare case that
 * there are some.
 *
 * @param ownersOf returns the owners of the assets that were read; their states are loaded too
 */
export async function readWithOwners<T>(
  read: (owners: OwnersInTransition) => Promise<T>,
  ownersOf: (found: T) => Types.ObjectId[],
): Promise<T> {
  const known = latest?.isFresh ? latest.transition : undefined
  const found = await read(known ?? NO_TRANSITION)
  if (known) return found
  const snapshot = currentSnapshot()
  await snapshot.load(ownersOf(found), true)
  const { transition = NO_TRANSITION } = snapshot
  return transition === NO_TRANSITION ? found : read(transition)
}

/**
 * Waits until no read can begin with a state of an account from before a change. Call it after the change is stored and
 * before the request is answered, so that the change is in effect for all readers, in every process, after the answer.
 */
export async function untilReadersKnow(): Promise<void> {
  await delay(MAX_AGE_MS + MARGIN_MS)
}
