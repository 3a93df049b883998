import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { within } from '../clock.ts'

/** Milliseconds that running requests get to end. Many platforms kill a process 30 s after SIGTERM. */
const DRAIN_MS = 25_000
/** Default time limit of a phase, and the time that aborted requests get to clean up, in milliseconds. */
const SHORT_MS = 1000

interface Phase {
  name: string
  run: () => Promise<unknown> | unknown
  limitMs?: number
}

/** Runs the phases of a stop in order. A phase that fails or hangs is logged and does not delay the others. */
export async function shutDown(phases: Phase[], log: Logger): Promise<void> {
  for (const { name, run, limitMs = SHORT_MS } of phases) {
    try {
      if (!(await within(limitMs, Promise.resolve(run())))) log.warn(`stopping: ${name} did not end in time`)
    } catch (error) {
      log.error({ err: error }, `stopping: ${name} failed`)
    }
  }
}

/** Tracks the requests that are being answered. */
export class RunningRequests {
  readonly #responses = new Set<ServerResponse>()
  #onNone: (() => void) | undefined

  constructor(server: Server) {
    server.prependListener('request', (_req, res) => {
      this.#responses.add(res)
      res.once('close', () => {
        this.#responses.delete(res)
        if (this.#responses.size === 0) this.#onNone?.()
      })
    })
  }

  /** Resolves when all requests are answered. */
  async ended(): Promise<void> {
    if (this.#responses.size > 0)
      await new Promise<void>((resolve) => {
        this.#onNone = resolve
      })
  }
}

/**
 * Waits at most `limitMs` for running requests, then closes all connections. The server listens until then, so that
 * `/readyz` can answer that it stops; `refuseWhenStopping` refuses other new requests.
 */
export async function drain(server: Server, running: RunningRequests, limitMs = DRAIN_MS): Promise<void> {
  server.closeIdleConnections()
  const ended = await within(limitMs, running.ended())
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
  if (!ended) await within(SHORT_MS, running.ended())
}
