import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'

/** A job that repeats while the process runs. */
export interface Job {
  name: string
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
  const { name, run, pauseMs, atOnce } = job
  const pause = () => delay(pauseMs(), undefined, { signal, ref: false }).catch(() => undefined)
  if (!atOnce) await pause()
  while (!signal.aborted) {
    try {
      await run()
    } catch (error) {
      log.error({ err: error }, `${name} failed`)
    }
    await pause()
  }
}
