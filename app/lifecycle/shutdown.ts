import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { within } from '../clock.ts'

/** How long running requests and slow downloads may go on; platforms kill what has not ended after 30 s. */
const DRAIN_MS = 25_000
/** How long what was cut off then may tidy up, and how long any phase may take unless it says otherwise. */
const SHORT_MS = 1000

interface Phase {
  name: string
  run: () => Promise<unknown> | unknown
  limitMs?: number
}

/** Runs the phases of a stop in order; one that fails or hangs is logged and does not hold up the others. */
export async function shutDown(phases: Phase[], log: Logger): Promise<void> {
  for (const { name, run, limitMs = SHORT_MS } of phases) {
    try {
      if (!(await within(limitMs, Promise.resolve(run())))) log.warn(`stopping: ${name} did not end in time`)
    } catch (error) {
      log.error({ err: error }, `stopping: ${name} failed`)
    }
  }
}

/** Requests that are being answered now. */
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

  /** Resolves when none is left. */
  async ended(): Promise<void> {
    if (this.#responses.size > 0)
      await new Promise<void>((resolve) => {
        this.#onNone = resolve
      })
  }
}

/**
 * Lets what runs finish, for `limitMs`, then cuts what is left. Until then the server listens, so that
 * `/readyz` can say that it stops: other new requests are refused by `refuseWhenStopping`.
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
