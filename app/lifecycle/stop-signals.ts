import { once } from 'node:events'
import { constants } from 'node:os'
import type { Logger } from 'pino'
import { standardOutput } from '../../config/log-output.ts'
import { containedErrors } from '../metrics/counters.ts'

/** Milliseconds in which a second signal is ignored: npm repeats the Ctrl-C of the terminal. */
const ECHO_MS = 500

/** Signals of process managers and terminals that ask for a stop. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const

/**
 * Returns a signal that aborts at the first of `STOP_SIGNALS`. A second one ends the process at once, with the usual exit
 * code of the signal.
 */
export function onStopSignal(log: Logger): AbortSignal {
  const stop = new AbortController()
  let asked = 0
  for (const signal of STOP_SIGNALS)
    process.on(signal, () => {
      if (!stop.signal.aborted) {
        asked = Date.now()
        log.info({ signal }, 'stopping')
        stop.abort()
      } else if (Date.now() - asked > ECHO_MS) exit(128 + constants.signals[signal], LAST_LINES_MS)
    })
  return stop.signal
}

/** Keeps Node from opening a debugger at SIGUSR1: everybody on the machine could connect to it and run code. */
export function ignoreDebuggerSignal(log: Logger): void {
  process.on('SIGUSR1', (signal) => log.warn({ signal }, 'signal ignored: no debugger is opened'))
}

/** Milliseconds that writing the last log lines can take before the process ends. */
const LAST_LINES_MS = 500

/** Codes of connection errors. The stream is destroyed already, and nothing else is affected. */
const CONNECTION_ERRORS = new Set([
  ...['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTCONN', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END', 'ABORT_ERR'],
])

/**
 * Handles uncaught errors (decision 0013). Unhandled rejections and connection errors are logged and counted. Any other
 * exception interrupted a function, so the state of the process is unknown: the process ends with exit code 1.
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
    // Ignore further errors while the log is written.
    if (isEnding) return
    isEnding = true
    log.fatal({ err: error }, 'an error that nothing caught: the process ends')
    exit(1, LAST_LINES_MS)
  })
}

/** Ends the process when the log is written, or after `limitMs`. */
export function exit(code: number, limitMs: number): void {
  standardOutput.flush(limitMs).finally(() => process.exit(code))
}

export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
