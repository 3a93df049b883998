import { setTimeout as delay } from 'node:timers/promises'
import { Capacity } from '../../models/capacity.ts'
import { ensureAdmin } from '../accounts/ensure-admin.ts'
import type { Context, WritesRefused } from '../context.ts'
import { missingUniqueIndexes, syncIndexes } from '../maintenance/indexes.ts'
import { type Job, msUntilHour, runJob } from '../maintenance/job-runner.ts'
import { NEWEST_VERSION } from '../maintenance/migrations/migrations.ts'
import { schemaVersion } from '../maintenance/migrations/schema.ts'
import { reconcileUsage } from '../maintenance/reconcile.ts'
import { sweep } from '../maintenance/sweep.ts'
import { claimStore, ForeignStoreError } from '../storage/store-owner.ts'
import { connectDatabase, whenReachable } from './database.ts'

const MINUTE = 60_000
/** The hour of the recount, UTC. */
const NIGHT = 3
/** Milliseconds between two looks at something that an operator has to put right. */
const LOOK_AGAIN_MS = 10_000
const FOREIGN: WritesRefused = {
  check: 'store',
  message: 'The store belongs to another database; the operator has to give this service a store of its own.',
}

interface Preparation {
  /** Resolves when the service reads and writes. */
  ready: Promise<void>
  /** Resolves when the process stops and the last job has ended; rejects with what waiting cannot mend. */
  ended: Promise<void>
}

/**
 * Prepares the database as soon as it can be reached, then runs the jobs until the process stops. Reads are served
 * first. Writes and jobs wait for the unique indexes, which `npm run db:indexes` builds in production and elsewhere
 * every process that starts, and for a store that belongs to this database.
 */
export function prepare(context: Context, uri: string): Preparation {
  const { config, log, stopping } = context
  const open = async () => {
    await connectDatabase(uri)
    await updateSchema(context)
    if (!config.production) await syncIndexes()
    await Capacity.setLimit(config.space.server)
    context.writesRefused ??= { check: 'indexes', message: 'The service is starting; try again later.' }
    context.prepared = true
  }
  const openForWrites = async () => {
    await lookUntil(() => hasUniqueIndexes(context), stopping)
    context.writesRefused = {
      check: 'store',
      message: 'The service waits for its store; try again later.',
    }
    await lookUntil(() => hasOwnStore(context), stopping)
    if (stopping.aborted) return
    await ensureAdmin(context)
    context.writesRefused = null
  }
  const work = async () => {
    await Promise.all(jobsOf(context).map((job) => runJob(job, log, stopping)))
  }
  const ready = whenReachable(open, log, stopping).then(() => whenReachable(openForWrites, log, stopping))
  return { ready, ended: ready.then(work) }
}

/**
 * Migrates an older database outside production. In production logs a warning and goes on, because this program reads
 * the older form too.
 */
async function updateSchema({ config, log }: Context): Promise<void> {
  const version = await schemaVersion()
  if (version >= NEWEST_VERSION) return
  if (config.production) {
    log.warn(
      { version, newest: NEWEST_VERSION },
      'the database has an older schema: run `npm run db:migrate`',
    )
    return
  }
  const { migrate } = await import('../maintenance/migrations/migrate.ts')
  await migrate({ report: (line) => log.info(line) })
}

/** Looks every 10 s until an operator has put something right, or until the process stops. */
async function lookUntil(isRight: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await isRight()))
    await delay(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined)
}

async function hasUniqueIndexes(context: Context): Promise<boolean> {
  const missing = await missingUniqueIndexes()
  if (missing.length === 0) return true
  context.writesRefused = {
    check: 'indexes',
    message: 'The database has no unique indexes yet; the operator has to run `npm run db:indexes`.',
  }
  context.log.error({ missing }, 'unique indexes are missing, writes are refused: run `npm run db:indexes`')
  return false
}

/** Another service may take the store over at any time. While it belongs to another database, writes are refused. */
async function hasOwnStore(context: Context): Promise<boolean> {
  const { store, log } = context
  if (await claimStore(store)) {
    if (context.writesRefused === FOREIGN) context.writesRefused = null
    return true
  }
  context.writesRefused = FOREIGN
  log.error(`writes are refused: ${new ForeignStoreError(store).message}`)
  return false
}

async function sweepOwnStore(context: Context): Promise<void> {
  if (await hasOwnStore(context)) await sweep(context)
}

const jobsOf = (context: Context): Job[] => [
  { name: 'the sweep', run: () => sweepOwnStore(context), pauseMs: () => MINUTE, atOnce: true },
  {
    name: 'the recount of space',
    run: () => reconcileUsage(context),
    pauseMs: () => msUntilHour(NIGHT),
    atOnce: false,
  },
]
