import { setTimeout as delay } from 'node:timers/promises'
import DataLoader from 'dataloader'

/** Most changes that are made together. */
const MAX_TOGETHER = 50
/** Longest time that changes wait for earlier ones, in milliseconds: the connection of these can be dead. */
const MAX_WAIT_MS = 100

/** Makes all of these changes in one step. Returns null if it made none of them. */
type MakeAll<Change, Result> = (changes: readonly Change[]) => Promise<Result | null>

type Make<Change, Result> = (
  key: string,
  change: Change,
  makeAll: MakeAll<Change, Result>,
) => Promise<Result | null>

/**
 * Returns a function that makes a change together with others of this process (group commit): changes with the same key
 * that arrive while earlier ones are being made wait for these, and are then made in one step. If it makes none of them,
 * each is made alone. When the step fails, all its changes fail, because each of them is possibly made.
 */
export function groupChanges<Change extends object, Result>(): Make<Change, Result> {
  const groups = new Map<string, { waiting: number; loader: DataLoader<Change, Result | null> }>()
  return async (key, change, makeAll) => {
    const group = groups.get(key) ?? { waiting: 0, loader: createLoader(makeAll) }
    groups.set(key, group)
    group.waiting += 1
    try {
      return await group.loader.load(change)
    } finally {
      group.waiting -= 1
      if (group.waiting === 0) groups.delete(key)
    }
  }
}

function createLoader<Change extends object, Result>(makeAll: MakeAll<Change, Result>) {
  let earlier: Promise<unknown> | undefined
  const make = async (changes: readonly Change[]): Promise<(Result | null | Error)[]> => {
    const together = changes.length > 1 ? await makeAll(changes) : null
    if (together !== null) return changes.map(() => together)
    const made = await Promise.allSettled(changes.map((change) => makeAll([change])))
    return made.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error)))
  }
  const makeAndNote = (changes: readonly Change[]) => {
    const made = make(changes)
    earlier = made.catch(() => undefined)
    return made
  }
  const isReady = () => earlier && Promise.race([earlier, delay(MAX_WAIT_MS, undefined, { ref: false })])
  return new DataLoader(makeAndNote, {
    cache: false,
    maxBatchSize: MAX_TOGETHER,
    // not before the end of this turn, in which several changes can arrive
    batchScheduleFn: async (send) => {
      await isReady()
      setImmediate(send)
    },
  })
}
