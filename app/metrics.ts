import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { standardOutput } from '../config/log-output.ts'
import type { FairQueue } from './queues/fair-queue.ts'

/**
 * Counts unexpected errors that ended one socket, request or answer and left the process running (decision 0013).
 * It belongs to the process, not to one app, because handlers of the process count here too.
 */
export const containedErrors = new Counter({
  name: 'kura_contained_errors_total',
  help: 'Unexpected errors that ended one socket, request or answer only',
  labelNames: ['kind'] as const,
  registers: [],
})

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]

/** What a process tells Prometheus: its own state, how long its answers take, and what it refused or lost. */
export interface Metrics {
  registry: Registry
  /** Seconds from a request's arrival to the end of its answer, by method, route and status. */
  answers: Histogram<'method' | 'route' | 'status'>
  /** Connections that were closed because there were too many. */
  refusedConnections: Counter
}

/** @param queues whose length is shown */
export function createMetrics(queues: FairQueue[] = []): Metrics {
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
    help: 'Connections that were closed because there were too many',
    registers: [registry],
  })
  new Counter({
    name: 'kura_log_lines_dropped_total',
    help: 'Lines of the log that could not be written',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(standardOutput.dropped)
    },
  })
  registry.registerMetric(containedErrors)
  return { registry, answers, refusedConnections }
}

function measureQueues(registry: Registry, queues: FairQueue[]): void {
  const options = (name: string, help: string) => ({
    name,
    help,
    labelNames: ['queue'] as const,
    registers: [registry],
  })
  const gauges = { waiting: 'Tasks that wait in a queue', running: 'Tasks of a queue that run' } as const
  for (const [state, help] of Object.entries(gauges) as [keyof typeof gauges, string][])
    new Gauge({
      ...options(`queue_${state}`, help),
      collect() {
        for (const queue of queues) this.set({ queue: queue.name }, queue[state])
      },
    })
  const counters = {
    refused: 'Tasks refused because their queue was full',
    dropped: 'Waiting tasks dropped because their client left',
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
