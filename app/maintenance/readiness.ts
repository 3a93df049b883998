import { standardOutput } from '../../config/log-output.ts'
import { Capacity, SERVER } from '../../models/capacity.ts'
import { asAppError } from '../../models/database-errors.ts'
import type { Space } from '../../models/plugins/space.ts'
import type { Context } from '../context.ts'
import { type AppError, databaseUnavailable, storeUnavailable } from '../errors.ts'
import type { Disks } from '../metrics/service-state.ts'

/** The result of each check: `ok`, or a sentence that says what is wrong. */
export type Checks = Record<'database' | 'indexes' | 'store' | 'space' | 'log' | 'proxy', string>

interface Readiness {
  /** Whether the service reads and writes. */
  isReady: boolean
  checks: Checks
  /** Errors of the database and the store, for the log. */
  causes: AppError[]
}

/** Longest time for the answers of the database and the store, in milliseconds. */
const ANSWER_MS = 2000

const OK = 'ok'

type ReadinessContext = Pick<
  Context,
  'store' | 'disks' | 'recentFaults' | 'stopping' | 'prepared' | 'writesRefused' | 'proxyCheck'
>

/**
 * Checks the dependencies of the service. A full server is still ready, because it serves reads and removals: otherwise
 * one client that fills it would stop the service for all. Dropped log lines and an ignored proxy do not make it
 * unready either.
 */
export async function checkReadiness(context: ReadinessContext): Promise<Readiness> {
  const { store, disks, recentFaults, stopping, prepared, writesRefused, proxyCheck } = context
  const signal = AbortSignal.timeout(ANSWER_MS)
  const [capacity, reached, stored, documents] = await Promise.allSettled([
    prepared ? within(signal, Capacity.spaceOf(SERVER)) : null,
    within(signal, store.check(signal)),
    within(signal, disks.store()),
    within(signal, disks.database()),
  ])
  const space = capacity.status === 'fulfilled' ? capacity.value : null
  const away = {
    database: capacity.status === 'rejected' ? toAppError(capacity.reason, databaseUnavailable) : null,
    store: reached.status === 'rejected' ? toAppError(reached.reason, storeUnavailable) : null,
  }
  const refusedBy = (check: 'indexes' | 'store') =>
    writesRefused?.check === check ? writesRefused.message : OK
  const checks: Checks = {
    database: away.database
      ? (away.database.fault ?? 'The database does not answer.')
      : databaseCheck(prepared, space),
    indexes: prepared ? refusedBy('indexes') : 'The unique indexes are not checked yet.',
    store: away.store
      ? (away.store.fault ?? 'The store does not answer.')
      : (recentFaults.refused ?? refusedBy('store')),
    space: spaceCheck(space, { store: isFull(stored), database: isFull(documents) }, recentFaults.full),
    log: standardOutput.dropped > 0 ? `${standardOutput.dropped} lines of the log were not written.` : OK,
    proxy: proxyCheck.isIgnored ? 'A proxy sends forwarded headers, but TRUST_PROXY is 0.' : OK,
  }
  const { database, indexes, store: reachable } = checks
  return {
    isReady: !stopping.aborted && [database, indexes, reachable].every((check) => check === OK),
    checks,
    causes: [away.database, away.store].filter((error) => error !== null),
  }
}

/** Returns the error of a check for the log and for `fault`. A check that ended by its time limit has no fault of its own. */
const toAppError = (reason: unknown, otherwise: (cause: unknown) => AppError): AppError =>
  asAppError(reason) ?? otherwise(reason)

/** The capacity is the last document that a service writes at its start. */
const databaseCheck = (prepared: boolean, capacity: Space | null) =>
  prepared && capacity ? OK : 'The database is not prepared yet.'

const isFull = (free: PromiseSettledResult<number | null>) => free.status === 'fulfilled' && free.value === 0

function spaceCheck(
  capacity: Space | null,
  isFull: Record<keyof Disks, boolean>,
  fault: string | undefined,
): string {
  if (!capacity) return 'The capacity of the server cannot be read.'
  if (capacity.limit !== null && capacity.used >= capacity.limit)
    return 'The capacity of the server is used up; uploads are refused.'
  if (isFull.store) return 'The disk of the store is full; uploads are refused.'
  if (isFull.database) return 'The disk of the database is full.'
  return fault ?? OK
}

/** Returns the result of a promise. Rejects when the signal aborts first. */
function within<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  return Promise.race([answer, late])
}
