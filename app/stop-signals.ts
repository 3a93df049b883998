import { once } from 'node:events'
import { constants } from 'node:os'
import type { Logger } from 'pino'

/** Ctrl-C under npm arrives twice, from the terminal and from npm: what follows this soon is the same one. */
const ECHO_MS = 500

/**
 * Aborted at the first SIGTERM or SIGINT. Whoever asks a second time does not want to wait: the process ends
 * at once, with the signal's usual exit code.
 */
export function onStopSignal(log: Logger): AbortSignal {
  const stop = new AbortController()
  let asked = 0
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (!stop.signal.aborted) {
        asked = Date.now()
        log.info({ signal }, 'stopping')
        stop.abort()
      } else if (Date.now() - asked > ECHO_MS) process.exit(128 + constants.signals[signal])
    })
  return stop.signal
}

/** An error that nobody caught leaves the process in an unknown state: it is logged, and the process ends. */
export function endOnFault(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an error that nobody caught')
    process.exit(1)
  })
}

export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
