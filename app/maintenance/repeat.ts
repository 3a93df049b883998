import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'

/** A piece of work that comes round. */
export interface Job {
  name: string
  run: () => Promise<void>
  /** Milliseconds from the end of one run, or from the start of the process, to the next. */
  pauseMs: () => number
  /** Whether it runs at once too, when the process starts. */
  atOnce: boolean
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** How long it is from now to an hour of the day, UTC. */
export function untilHour(hour: number, now = Date.now()): number {
  return DAY - ((now - hour * HOUR) % DAY)
}

/**
 * Runs a job again and again until the signal. A run that fails is logged; the next one comes all the same.
 *
 * @returns when the last run has ended
 */
export async function repeat(job: Job, log: Logger, signal: AbortSignal): Promise<void> {
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
