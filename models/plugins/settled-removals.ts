/**
 * The number of a removal: every process numbers its removals in the order in which they begin. So a ledger can record
 * which removals it has counted in little space: one number up to which all are finished, and the few above it.
 */
export interface RemovalNumber {
  /** A random id of the process. */
  process: string
  number: number
}

/** The removals of one process that a ledger has counted. */
export interface SettledRemovals {
  /** The time of the last one. */
  at: Date
  /** The process has finished all removals up to this number. */
  upTo?: number
  /** The counted removals above `upTo`, as `n<number>`. */
  numbers?: Record<string, true>
}

/** The part of a ledger that shows which removals are counted. */
interface LedgerState {
  settled?: Record<string, SettledRemovals>
  open: readonly { id: string }[]
}

/** Numbers that a ledger no longer needs to list, because the process has finished all removals up to `upTo`. */
export interface Finished {
  upTo: number
  /** The numbers up to `upTo` that the ledger lists. */
  listed: number[]
}

const ID = /^([0-9a-f]{12})-(\d{1,15})$/

/** Returns the id of a removal, as assets store it. */
export const removalId = ({ process, number }: RemovalNumber) => `${process}-${number}`

/** Returns the number of a removal; null for a removal of an earlier release, which has an open entry instead. */
export function removalNumber(id: string): RemovalNumber | null {
  const [, process, number] = ID.exec(id) ?? []
  return process ? { process, number: Number(number) } : null
}

/** Returns whether a ledger has counted a removal. */
export function isSettled({ settled, open }: LedgerState, id: string): boolean {
  const removal = removalNumber(id)
  if (!removal) return !open.some((entry) => entry.id === id)
  const known = settled?.[removal.process]
  return (
    known !== undefined && ((known.upTo ?? 0) >= removal.number || nameOf(removal) in (known.numbers ?? {}))
  )
}

/**
 * Returns the update of a ledger that subtracts a removal, and the condition that the ledger has not counted it yet, so
 * that it is subtracted once, however many processes try.
 */
export function removalUpdate(
  removal: RemovalNumber,
  { bytes, files }: { bytes: number; files: number },
  { upTo, listed }: Finished = { upTo: 0, listed: [] },
) {
  const path = `space.settled.${removal.process}`
  const nameIn = (number: number) => `${path}.numbers.${nameOf({ number })}`
  return {
    condition: {
      [nameIn(removal.number)]: { $exists: false },
      [`${path}.upTo`]: { $not: { $gte: removal.number } },
    },
    update: {
      $inc: { 'space.used': -bytes, 'space.files': -files, 'space.revision': 1 },
      $set: { [nameIn(removal.number)]: true },
      $currentDate: { [`${path}.at`]: true as const },
      ...(upTo > 0 ? { $max: { [`${path}.upTo`]: upTo } } : {}),
      ...(listed.length > 0
        ? { $unset: Object.fromEntries(listed.map((number) => [nameIn(number), 1])) }
        : {}),
    },
  }
}

/** Returns the operand of `$unset` for numbers that a ledger lists although `upTo` includes them; null without any. */
export function needlesslyListed(settled: Record<string, SettledRemovals> = {}): Record<string, 1> | null {
  const paths = Object.entries(settled).flatMap(([process, { upTo = 0, numbers = {} }]) =>
    Object.keys(numbers)
      .filter((name) => Number(name.slice(1)) <= upTo)
      .map((name) => `space.settled.${process}.numbers.${name}`),
  )
  return paths.length > 0 ? Object.fromEntries(paths.map((path) => [path, 1])) : null
}

const nameOf = ({ number }: Pick<RemovalNumber, 'number'>) => `n${number}`
