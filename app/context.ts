import type { Logger } from 'pino'
import type { Config } from '../config/env.ts'
import { setTimestampClock } from '../models/plugins/timestamps.ts'
import { createHighestCost, type HighestCost } from './auth/credentials.ts'
import { createLimits, type Limits } from './auth/limits.ts'
import { OriginCheck } from './auth/origin-check.ts'
import { ProxyCheck } from './auth/proxy-check.ts'
import { loadSecret } from './auth/secret.ts'
import { createTokens, type Tokens } from './auth/tokens.ts'
import { createUrlSigner, type UrlSigner } from './auth/url-signer.ts'
import { type Clock, systemClock } from './clock.ts'
import { createEventLog, type EventLog } from './events/event-log.ts'
import { COVER_WAIT_MS, Covers, coverQueue } from './media/covers.ts'
import { renderQueue } from './media/render-isolated.ts'
import { createMetrics, type Metrics } from './metrics/metrics.ts'
import { type Disks, measureState } from './metrics/service-state.ts'
import { measureStore } from './metrics/store-operations.ts'
import { createQueues, type Queues } from './queues/queues.ts'
import { type Cursors, createCursors } from './search/cursor.ts'
import { freeBytesOf } from './storage/disk/file-system.ts'
import type { ObjectStore } from './storage/object-store.ts'
import { openStore } from './storage/open-store.ts'
import { RecentFaults } from './storage/recent-faults.ts'

/** Everything that the parts of the service share. Created once per process or test and passed to `createApp`. */
export interface Context {
  config: Config
  storage: Storage
  store: ObjectStore
  tokens: Tokens
  urls: UrlSigner
  cursors: Cursors
  limits: Limits
  queues: Queues
  originCheck: OriginCheck
  proxyCheck: ProxyCheck
  highestCost: HighestCost
  metrics: Metrics
  disks: Disks
  recentFaults: RecentFaults
  log: Logger
  events: EventLog
  covers: Covers
  clock: Clock
  /** Milliseconds without a heartbeat after which an upload counts as dead. */
  staleMs: number
  /** Aborted when the process begins to stop. From then on it accepts no new work. */
  stopping: AbortSignal
  /** Whether the database was reached and reads are served. */
  prepared: boolean
  /** Why writes are refused at the moment; null when they are served. */
  writesRefused: WritesRefused | null
}

/** `trial`: the documents are in the embedded database. `production`: they are in a MongoDB server. */
export const STORAGES = ['trial', 'production'] as const
export type Storage = (typeof STORAGES)[number]

/** A reason to refuse writes: a message for clients, and the check of `/readyz` that fails. */
export interface WritesRefused {
  check: 'indexes' | 'store'
  message: string
}

/** The part of the context that functions for assets need. */
export type AssetContext = Pick<Context, 'store' | 'log' | 'clock' | 'events' | 'staleMs'>

interface ContextOptions {
  config: Config
  log: Logger
  stopping: AbortSignal
  storage?: Storage
  clock?: Clock
  store?: ObjectStore
  staleMs?: number
  coverWaitMs?: number
}

/** Time without a heartbeat after which an upload counts as dead, in milliseconds. */
export const STALE_MS = 120_000

/** Opens the store and creates the context. */
export async function openContext({
  config,
  log,
  stopping,
  storage = config.database.uri ? 'production' : 'trial',
  clock = systemClock,
  store,
  staleMs = STALE_MS,
  coverWaitMs = COVER_WAIT_MS,
}: ContextOptions): Promise<Context> {
  setTimestampClock(clock)
  const secrets = config.auth.secrets ?? [await loadSecret(config.dataDir)]
  const tokens = createTokens(secrets)
  const queues = createQueues()
  const events = createEventLog({ clock, config, log })
  const unmeasured = store ?? (await openStore(config.storage))
  const recentFaults = new RecentFaults()
  recentFaults.watch(unmeasured)
  const opened = measureStore(unmeasured)
  const disks: Disks = {
    store: () => opened.freeBytes(),
    database: async () => (config.database.uri ? null : freeBytesOf(config.dataDir)),
  }
  const metrics = createMetrics([...Object.values(queues), renderQueue, coverQueue])
  const context: Context = {
    config,
    storage,
    log,
    events,
    covers: new Covers({ config, store: opened, log, clock, events, staleMs }, coverWaitMs),
    clock,
    staleMs,
    stopping,
    prepared: false,
    writesRefused: null,
    tokens,
    urls: createUrlSigner(secrets),
    cursors: createCursors(secrets),
    limits: createLimits(config.auth, queues),
    queues,
    disks,
    recentFaults,
    originCheck: new OriginCheck({ config, log }),
    proxyCheck: new ProxyCheck({ config, log }),
    highestCost: createHighestCost(config.auth.bcryptCost, clock),
    metrics,
    store: opened,
  }
  measureState(metrics.registry, context)
  return context
}
