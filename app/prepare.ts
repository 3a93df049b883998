import { setTimeout as delay } from 'node:timers/promises'
import { Capacity } from '../models/capacity.ts'
import { ensureAdmin } from './accounts/ensure-admin.ts'
import { connectDatabase, whenReachable } from './database.ts'
import { missingUniqueIndexes, syncIndexes } from './indexes.ts'
import { recountSpace } from './jobs/recount-space.ts'
import { type Job, repeat, untilHour } from './jobs/repeat.ts'
import { sweep } from './jobs/sweep.ts'
import type { Services } from './services.ts'

const MINUTE = 60_000
/** The hour of the recount, UTC. */
const NIGHT = 3
/** Milliseconds between two looks at something that an operator has to put right. */
const LOOK_AGAIN_MS = 10_000

interface Preparation {
  /** Resolves when the service reads and writes. */
  ready: Promise<void>
  /** Resolves when the process stops and the last job has ended; rejects with what waiting cannot mend. */
  ended: Promise<void>
}

/**
 * Prepares the database as soon as it can be reached, then runs the jobs until the process stops. Reads are served
 * first. Writes and jobs wait for the unique indexes: in production `npm run db:indexes` builds them, elsewhere
 * every process that starts.
 */
export function prepare(services: Services, uri: string): Preparation {
  const { config, log, stopping } = services
  const open = async () => {
    await connectDatabase(uri)
    if (!config.production) await syncIndexes()
    await Capacity.ensure(config.space.server)
    services.writesRefused ??= 'The service is starting; try again later.'
    services.prepared = true
    await untilIndexed(services)
    if (stopping.aborted) return
    await ensureAdmin(services)
    services.writesRefused = null
  }
  const work = async () => {
    await Promise.all(jobsOf(services).map((job) => repeat(job, log, stopping)))
  }
  const ready = whenReachable(open, log, stopping)
  return { ready, ended: ready.then(work) }
}

/** Waits until the declared unique indexes are built, or until the process stops. */
async function untilIndexed(services: Services): Promise<void> {
  const { log, stopping } = services
  for (;;) {
    const missing = await missingUniqueIndexes()
    if (missing.length === 0) return
    services.writesRefused =
      'The database has no unique indexes yet; the operator has to run `npm run db:indexes`.'
    log.error({ missing }, 'unique indexes are missing, writes are refused: run `npm run db:indexes`')
    await delay(LOOK_AGAIN_MS, undefined, { signal: stopping }).catch(() => undefined)
    if (stopping.aborted) return
  }
}

const jobsOf = (services: Services): Job[] => [
  { name: 'the sweep', run: () => sweep(services), pauseMs: () => MINUTE, atOnce: true },
  {
    name: 'the recount of space',
    run: () => recountSpace(services),
    pauseMs: () => untilHour(NIGHT),
    atOnce: false,
  },
]
