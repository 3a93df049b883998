import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'

/** A piece of work that comes round. */
export interface Job {
  name: string
  everyMs: number
  run: () => Promise<void>
}

/**
 * Runs a job at once and then again each `everyMs` after it has ended, until the signal. A run that fails is
 * logged; the next one comes all the same.
 *
 * @returns when the last run has ended
 */
export async function repeat({ name, everyMs, run }: Job, log: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await run()
    } catch (error) {
      log.error({ err: error }, `${name} failed`)
    }
    await delay(everyMs, undefined, { signal, ref: false }).catch(() => undefined)
  }
}
