import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client'
import { standardOutput } from '../../config/log-output.ts'
import manifest from '../../package.json' with { type: 'json' }
import type { FairQueue } from '../queues/fair-queue.ts'
import { COUNTERS } from './counters.ts'
import { commandDuration, commandErrors } from './database-commands.ts'
import { storeDuration, storeErrors } from './store-operations.ts'
import { TRAFFIC } from './traffic.ts'

/** Upper bounds of the duration buckets, in seconds. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]

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
  /** Number of open WebSocket connections. */
  webSockets: Gauge
}

/** @param queues the queues to measure */
export function createMetrics(queues: FairQueue[]): Metrics {
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
  const webSockets = new Gauge({
    name: 'kura_websocket_connections',
    help: 'Open WebSocket connections',
    registers: [registry],
  })
  new Gauge({
    name: 'kura_build_info',
    help: 'Always 1; the labels are the versions of the service and of Node.js',
    labelNames: ['version', 'node'] as const,
    registers: [registry],
  }).set({ version: manifest.version, node: process.version }, 1)
  const ofProcess: Metric[] = [
    commandDuration,
    commandErrors,
    storeDuration,
    storeErrors,
    ...TRAFFIC,
    ...COUNTERS,
  ]
  for (const metric of ofProcess) registry.registerMetric(metric)
  return { registry, answers, refusedConnections, webSockets }
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
