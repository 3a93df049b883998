import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { standardOutput } from '../config/log-output.ts'
import type { FairQueue } from './queues/fair-queue.ts'

/**
 * Counts unexpected errors that ended one socket, request or answer, but not the process (decision 0013). One counter for
 * the process, because its error handlers count here too.
 */
export const containedErrors = new Counter({
  name: 'kura_contained_errors_total',
  help: 'Unexpected errors that ended one socket, request or answer only',
  labelNames: ['kind'] as const,
  registers: [],
})

/** Upper bounds of the duration buckets, in seconds. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]

/** Each function returns how many bytes can be stored; null if this is not limited by a disk of the service. */
export type Disks = Record<'store' | 'database', () => Promise<number | null>>

/** Metrics of a process for Prometheus. */
export interface Metrics {
  registry: Registry
  /**
   * Seconds from the arrival of a request to the end of its answer, by method, route and status. The status is `aborted`
   * when the connection closed before the answer was sent.
   */
  answers: Histogram<'method' | 'route' | 'status'>
  /** Number of connections closed because there were too many. */
  refusedConnections: Counter
}

/**
 * @param queues the queues to measure
 * @param disks the disks to measure
 */
export function createMetrics(queues: FairQueue[], disks: Disks): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const answers = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Seconds from the arrival of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers: [registry],
  })
  measureQueues(registry, queues)
  measureDisks(registry, disks)
  const refusedConnections = new Counter({
    name: 'kura_connections_refused_total',
    help: 'Connections closed because there were too many',
    registers: [registry],
  })
  new Counter({
    name: 'kura_log_lines_dropped_total',
    help: 'Log lines that could not be written',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(standardOutput.dropped)
    },
  })
  registry.registerMetric(containedErrors)
  return { registry, answers, refusedConnections }
}

/** A disk that cannot be read has no value. */
function measureDisks(registry: Registry, disks: Disks): void {
  new Gauge({
    name: 'kura_disk_free_bytes',
    help: 'Bytes left for uploads on the disk of the store and of a local database',
    labelNames: ['disk'] as const,
    registers: [registry],
    async collect() {
      this.reset()
      for (const disk of ['store', 'database'] as const) {
        const free = await disks[disk]().catch(() => null)
        if (free !== null) this.set({ disk }, free)
      }
    },
  })
}

function measureQueues(registry: Registry, queues: FairQueue[]): void {
  const options = (name: string, help: string) => ({
    name,
    help,
    labelNames: ['queue'] as const,
    registers: [registry],
  })
  const gauges = {
    waiting: 'Tasks waiting in a queue',
    running: 'Tasks of a queue that are running',
  } as const
  for (const [state, help] of Object.entries(gauges) as [keyof typeof gauges, string][])
    new Gauge({
      ...options(`queue_${state}`, help),
      collect() {
        for (const queue of queues) this.set({ queue: queue.name }, queue[state])
      },
    })
  const counters = {
    refused: 'Tasks refused because their queue was full',
    dropped: 'Waiting tasks dropped because their client disconnected',
  } as const
  for (const [outcome, help] of Object.entries(counters) as [keyof typeof counters, string][])
    new Counter({
      ...options(`queue_${outcome}_total`, help),
      collect() {
        this.reset()
        for (const queue of queues) this.inc({ queue: queue.name }, queue[outcome])
      },
    })
}
