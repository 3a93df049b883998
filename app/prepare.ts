import { Capacity } from '../models/capacity.ts'
import { ensureAdmin } from './accounts/ensure-admin.ts'
import { connectDatabase, syncIndexes, whenReachable } from './database.ts'
import { recountSpace } from './jobs/recount-space.ts'
import { type Job, repeat, untilHour } from './jobs/repeat.ts'
import { sweep } from './jobs/sweep.ts'
import type { Services } from './services.ts'

const MINUTE = 60_000
/** The hour of the recount, UTC. */
const NIGHT = 3

interface Preparation {
  /** Resolves when the database can serve. */
  ready: Promise<void>
  /** Resolves when the process stops and the last job has ended; rejects with what waiting cannot mend. */
  ended: Promise<void>
}

/**
 * Everything the database needs before it can serve, once it can be reached, and then the work that comes
 * round, until the process stops. In production indexes are built by `npm run db:indexes`, not by every
 * process that starts.
 */
export function prepare(services: Services, uri: string): Preparation {
  const { config, log, stopping } = services
  const ready = whenReachable(
    async () => {
      await connectDatabase(uri)
      if (!config.production) await syncIndexes()
      await ensureAdmin(services)
      await Capacity.ensure(config.space.server)
      services.prepared = true
    },
    log,
    stopping,
  )
  const work = async () => {
    await Promise.all(jobsOf(services).map((job) => repeat(job, log, stopping)))
  }
  return { ready, ended: ready.then(work) }
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
