import { once } from 'node:events'
import { constants } from 'node:os'
import type { Logger } from 'pino'
import { standardOutput } from '../../config/log-output.ts'
import { containedErrors } from '../metrics.ts'

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
      } else if (Date.now() - asked > ECHO_MS) exit(128 + constants.signals[signal], LAST_LINES_MS)
    })
  return stop.signal
}

/** How long the last lines of the log may take before the process ends, in milliseconds. */
const LAST_LINES_MS = 500

/** Errors of a connection: its stream is destroyed already, nothing else has changed. */
const CONNECTION_ERRORS = new Set([
  ...['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTCONN', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END', 'ABORT_ERR'],
])

/**
 * Decides about errors that nobody caught (decision 0013). An unhandled rejection and a connection's error are
 * logged and counted, and the process goes on. Any other exception left some function in the middle of its work:
 * the state of the process is unknown, so the process ends with exit code 1.
 */
export function handleUncaughtErrors(log: Logger): void {
  let isEnding = false
  process.on('unhandledRejection', (reason) => {
    containedErrors.inc({ kind: 'rejection' })
    log.error({ err: reason }, 'a rejected promise that nothing handled')
  })
  process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
    if (CONNECTION_ERRORS.has(error?.code ?? '')) {
      containedErrors.inc({ kind: 'connection' })
      log.error({ err: error }, 'an error of a connection that nothing handled')
      return
    }
    // A second one while the log is written must not begin all over again.
    if (isEnding) return
    isEnding = true
    log.fatal({ err: error }, 'an error that nothing caught: the process ends')
    exit(1, LAST_LINES_MS)
  })
}

/** Ends the process once the log is written, or after `limitMs`. */
export function exit(code: number, limitMs: number): void {
  standardOutput.flush(limitMs).finally(() => process.exit(code))
}

export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
