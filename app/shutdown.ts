import { once } from 'node:events'
import type { Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'

/** How long running requests and slow downloads may go on. */
const DRAIN_MS = 25_000

interface Phase {
  name: string
  run: () => Promise<unknown> | unknown
}

/** Runs the phases of a stop in order; one that fails is logged and does not keep the others from running. */
export async function shutDown(phases: Phase[], log: Logger): Promise<void> {
  for (const { name, run } of phases) {
    try {
      await run()
    } catch (error) {
      log.error({ err: error }, `stopping: ${name} failed`)
    }
  }
}

/** Takes no new connection, lets what runs finish, and after 25 s cuts what is left. */
export async function drain(server: Server, limitMs = DRAIN_MS): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const ended = new AbortController()
  await Promise.race([closed, delay(limitMs, undefined, { signal: ended.signal }).catch(() => undefined)])
  ended.abort()
  server.closeAllConnections()
}
