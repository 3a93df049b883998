import { Counter, Gauge, Histogram, type Metric } from 'prom-client'
import { leftOutTerms } from '../../models/term-limit.ts'

/** Metrics that code without a `Context` counts too: one of each for the process. */

/** Counts unexpected errors that ended one socket, request or answer, but not the process (decision 0013). */
export const containedErrors = new Counter({
  name: 'kura_contained_errors_total',
  help: 'Unexpected errors that ended one socket, request or answer only',
  labelNames: ['kind'] as const,
  registers: [],
})
for (const kind of ['rejection', 'connection', 'socket']) containedErrors.inc({ kind }, 0)

/** Error codes that are shown before the first error, so that a rule sees the first one as an increase. */
const SHOWN_CODES = ['internal', 'unavailable', 'server_full', 'space_exceeded', 'too_many_requests']

/** Labels are the codes of `app/errors.ts`. */
export const errors = new Counter({
  name: 'kura_errors_total',
  help: 'Errors answered to clients of HTTP and WebSocket connections, by their code',
  labelNames: ['code'] as const,
  registers: [],
})
for (const code of SHOWN_CODES) errors.inc({ code }, 0)

const uploadsRunning = new Gauge({
  name: 'kura_uploads_running',
  help: 'Uploads of this process that have begun and not ended',
  registers: [],
})

/** The result is `stored` or `discarded`. */
const uploadDuration = new Histogram({
  name: 'kura_upload_duration_seconds',
  help: 'Seconds from the reservation of an upload until it is stored or discarded',
  labelNames: ['result'] as const,
  buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10, 30, 60, 300, 900, 1800, 3600],
  registers: [],
})

const uploadedBytes = new Counter({
  name: 'kura_uploaded_bytes_total',
  help: 'Bytes of stored files and images',
  registers: [],
})

/** Measures an upload from now on, until the returned function is called. Later calls do nothing. */
export function measureUpload(): (storedBytes?: number) => void {
  const end = uploadDuration.startTimer()
  let isRunning = true
  uploadsRunning.inc()
  return (storedBytes) => {
    if (!isRunning) return
    isRunning = false
    uploadsRunning.dec()
    uploadedBytes.inc(Math.max(0, storedBytes ?? 0))
    end({ result: storedBytes === undefined ? 'discarded' : 'stored' })
  }
}

/** The label `task` is the `id` of the job. Prometheus has a label `job` of its own. */
export const jobRuns = new Counter({
  name: 'kura_job_runs_total',
  help: 'Runs of the jobs of this process, by result',
  labelNames: ['task', 'result'] as const,
  registers: [],
})

export const jobSuccess = new Gauge({
  name: 'kura_job_last_success_timestamp_seconds',
  help: 'Time at which a job of this process last succeeded, in seconds since 1970',
  labelNames: ['task'] as const,
  registers: [],
})

export const jobDuration = new Gauge({
  name: 'kura_job_last_duration_seconds',
  help: 'Seconds that the last run of a job took',
  labelNames: ['task'] as const,
  registers: [],
})

export const sweptItems = new Counter({
  name: 'kura_sweep_items_total',
  help: 'Items of processes that died, which the sweep removed or finished',
  labelNames: ['kind'] as const,
  registers: [],
})

for (const kind of ['uploads', 'deletions', 'accounts', 'unfinished_objects', 'reservations'])
  sweptItems.inc({ kind }, 0)

export const recountCorrections = new Counter({
  name: 'kura_recount_corrections_total',
  help: 'Recorded usages of users or the server that the recount corrected',
  registers: [],
})

const leftOutWords = new Counter({
  name: 'kura_words_left_out_total',
  help: 'Words of assets that searches find whole only, because their owner has the most words',
  registers: [],
  collect() {
    this.reset()
    this.inc(leftOutTerms())
  },
})

/** Every metric of this file. */
export const COUNTERS: Metric[] = [
  ...[containedErrors, errors, uploadsRunning, uploadDuration, uploadedBytes],
  ...[jobRuns, jobSuccess, jobDuration, sweptItems, recountCorrections, leftOutWords],
]
