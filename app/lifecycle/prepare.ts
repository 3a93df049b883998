import { setTimeout as delay } from 'node:timers/promises'
import mongoose from 'mongoose'
import { Capacity } from '../../models/capacity.ts'
import { refreshSearchForm, searchForm, setSearchForm } from '../../models/search-form.ts'
import { refreshTerms, storeDueTerms } from '../../models/term-writer.ts'
import { ensureAdmin } from '../accounts/ensure-admin.ts'
import type { Context, WritesRefused } from '../context.ts'
import { missingUniqueIndexes, syncIndexes } from '../maintenance/indexes.ts'
import { type Job, msUntilHour, runJob } from '../maintenance/job-runner.ts'
import { find } from '../maintenance/migrations/0006-find.ts'
import { NEWEST_VERSION, searchFormOf } from '../maintenance/migrations/migrations.ts'
import { schemaVersion } from '../maintenance/migrations/schema.ts'
import { reconcileUsage } from '../maintenance/reconcile.ts'
import { sweep } from '../maintenance/sweep.ts'
import { claimStore, ForeignStoreError } from '../storage/store-owner.ts'
import { limitCommands } from './command-limits.ts'
import { connectDatabase, whenReachable } from './database.ts'
import { tryStore } from './try-store.ts'

const MINUTE = 60_000
/** Hour of the day at which the recount runs, UTC. */
const RECOUNT_HOUR = 3
/** Milliseconds between two checks of a condition that an operator has to fix. */
const RECHECK_MS = 10_000
const FOREIGN_STORE: WritesRefused = {
  check: 'store',
  message:
    'The store belongs to another database. The operator has to configure a separate store for this service.',
}

interface Preparation {
  /** Resolves when the service serves reads and writes. */
  ready: Promise<void>
  /** Resolves when the process stops and the last job has ended; rejects with an error that a retry cannot resolve. */
  ended: Promise<void>
}

/**
 * Prepares the database as soon as it can be reached, then runs the jobs until the process stops. Reads are served first.
 * Writes and jobs wait for the unique indexes and for a store that belongs to this database. In production,
 * `npm run db:indexes` builds the indexes; otherwise, every process builds them at its start.
 */
export function prepare(context: Context, uri: string): Preparation {
  const { config, log, stopping } = context
  const open = async () => {
    await connectDatabase(uri)
    await updateSchema(context)
    if (!config.production) await syncIndexes()
    await Capacity.setLimit(config.space.server)
    limitCommands(mongoose.connection.getClient())
    context.writesRefused ??= { check: 'indexes', message: 'The service is starting; try again later.' }
    context.prepared = true
  }
  const openForWrites = async () => {
    await waitUntil(() => hasUniqueIndexes(context), stopping)
    context.writesRefused = {
      check: 'store',
      message: 'The service is waiting for its store; try again later.',
    }
    await waitUntil(() => hasOwnStore(context), stopping)
    if (stopping.aborted) return
    await ensureAdmin(context)
    context.writesRefused = null
  }
  const work = async () => {
    await Promise.all(jobsOf(context).map((job) => runJob(job, log, stopping)))
  }
  const ready = whenReachable(open, log, stopping).then(() => {
    void followMigration(context)
    return whenReachable(openForWrites, log, stopping)
  })
  const tried = tryStore(context)
  return { ready, ended: Promise.all([ready.then(work), tried]).then(() => undefined) }
}

/**
 * Migrates an older database outside production. In production, logs a warning and continues, because this program can
 * read the older form.
 */
async function updateSchema(context: Context): Promise<void> {
  const { config, log } = context
  const version = await schemaVersion()
  if (version >= NEWEST_VERSION) return
  if (config.production) {
    log.warn(
      { version, newest: NEWEST_VERSION },
      'the database has an older schema: run `npm run db:migrate`',
    )
    // searches compare former fields of assets until `npm run db:migrate` has computed the new ones of all of them
    setSearchForm(searchFormOf(version), async () => searchFormOf(await schemaVersion()))
    return
  }
  const { migrate } = await import('../maintenance/migrations/migrate.ts')
  await migrate({ report: (line) => log.info(line) })
}

/** Reads the form of the assets again until none has the former one. */
async function followMigration({ log, stopping }: Context): Promise<void> {
  const isMigrated = async () => {
    try {
      await refreshSearchForm()
    } catch (error) {
      log.warn({ err: error }, 'the schema version could not be read; trying again')
    }
    return searchForm() === 'words'
  }
  await waitUntil(isMigrated, stopping)
}

/** Waits until a condition is true, checked every 10 s, or until the process stops. */
async function waitUntil(isTrue: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await isTrue()))
    await delay(RECHECK_MS, undefined, { signal }).catch(() => undefined)
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

/** Refuses writes while the store belongs to another database. Another service can take it over at any time. */
async function hasOwnStore(context: Context): Promise<boolean> {
  const { store, log } = context
  if (await claimStore(store)) {
    if (context.writesRefused === FOREIGN_STORE) context.writesRefused = null
    return true
  }
  context.writesRefused = FOREIGN_STORE
  log.error(`writes are refused: ${new ForeignStoreError(store).message}`)
  return false
}

async function sweepOwnStore(context: Context): Promise<boolean> {
  return (await hasOwnStore(context)) && sweep(context)
}

/** Counts words. Computes the words of assets that processes of the previous release changed after the migration. */
async function refreshWords({ stopping }: Context): Promise<void> {
  const checkpoint = () => stopping.throwIfAborted()
  if (searchForm() === 'words') await find.up({ checkpoint, report: () => undefined })
  await refreshTerms(stopping)
}

const jobsOf = (context: Context): Job[] => [
  { id: 'sweep', name: 'the sweep', run: () => sweepOwnStore(context), pauseMs: () => MINUTE, atOnce: true },
  {
    id: 'covers',
    name: 'the thumbnails of processes that died',
    run: async () => context.writesRefused || context.covers.resume(),
    pauseMs: () => MINUTE,
    atOnce: true,
  },
  {
    id: 'recount',
    name: 'the recount of space',
    run: () => reconcileUsage(context),
    pauseMs: () => msUntilHour(RECOUNT_HOUR),
    atOnce: false,
  },
  {
    id: 'words',
    name: 'the storage of words of processes that died',
    run: () => storeDueTerms(context.stopping),
    pauseMs: () => MINUTE,
    atOnce: true,
  },
  {
    id: 'word_counts',
    name: 'the count of words',
    run: () => refreshWords(context),
    pauseMs: () => 60 * MINUTE,
    atOnce: false,
  },
]
