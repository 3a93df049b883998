import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { jobDuration, jobRuns, jobSuccess } from '../metrics/counters.ts'

/** A job that repeats while the process runs. */
export interface Job {
  /** Label of its metrics. */
  id: string
  /** Its name in the log. */
  name: string
  /** Resolves with false when some of the work failed and was logged. */
  run: () => Promise<unknown>
  /** Returns the milliseconds from the end of one run, or from the start of the process, to the next run. */
  pauseMs: () => number
  /** Whether the first run is at the start of the process, without a pause. */
  atOnce: boolean
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Returns the milliseconds until an hour of the day (UTC). */
export function msUntilHour(hour: number, now = Date.now()): number {
  return DAY - ((now - hour * HOUR) % DAY)
}

/** Runs a job until the signal aborts. Logs errors; the next run follows. Resolves when the last run has ended. */
export async function runJob(job: Job, log: Logger, signal: AbortSignal): Promise<void> {
  const { id, name, run, pauseMs, atOnce } = job
  const pause = () => delay(pauseMs(), undefined, { signal, ref: false }).catch(() => undefined)
  if (!atOnce) await pause()
  while (!signal.aborted) {
    const begun = performance.now()
    let result: 'succeeded' | 'failed' = 'failed'
    try {
      if ((await run()) !== false) result = 'succeeded'
    } catch (error) {
      log.error({ err: error }, `${name} failed`)
    }
    jobDuration.set({ task: id }, (performance.now() - begun) / 1000)
    jobRuns.inc({ task: id, result })
    if (result === 'succeeded') jobSuccess.setToCurrentTime({ task: id })
    await pause()
  }
}
