import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** Bytes that a client writes, and how it ends its connection. */
export type Ending = 'wait' | 'end' | 'reset'

interface Exchange {
  /** Written one after the other, with `pauseMs` between them. */
  chunks: (string | Buffer)[]
  /** Milliseconds between two chunks; default 0. */
  pauseMs?: number
  /** `wait`: until the service closes or `waitMs` is over; `end`: half-close first; `reset`: RST at once. */
  ending: Ending
  /** Milliseconds to wait for the service to answer and close; default 5,000. */
  waitMs?: number
}

/** Bytes of an answer that are kept. */
const KEPT_BYTES = 256 * 1024

/** Opens a connection whose errors are expected: the service can close it at any time. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined)
  return socket
}

/** Writes bytes to a new connection and returns the answer as text. */
export async function exchange(port: number, { chunks, pauseMs = 0, ending, waitMs = 5000 }: Exchange) {
  const socket = await dial(port)
  let answer = ''
  socket.on('data', (data) => {
    if (answer.length < KEPT_BYTES) answer += data.toString('latin1')
  })
  const closed = new Promise<void>((resolve) => {
    if (socket.destroyed) resolve()
    else socket.once('close', () => resolve())
  })
  for (const chunk of chunks) {
    if (socket.destroyed) break
    socket.write(chunk)
    if (pauseMs > 0) await delay(pauseMs)
  }
  if (ending === 'reset') {
    await delay(1)
    socket.resetAndDestroy()
  } else {
    if (ending === 'end') socket.end()
    const late = new AbortController()
    await Promise.race([closed, delay(waitMs, undefined, { signal: late.signal }).catch(() => undefined)])
    late.abort()
    socket.destroy()
  }
  await closed
  return answer
}

/** Returns the status of the first HTTP answer in a text, or 0. */
export const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)

/** Runs a function on each case, `atOnce` at a time. */
export async function each<T>(cases: readonly T[], atOnce: number, run: (one: T) => Promise<void>) {
  const queue = cases.values()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const one of queue) await run(one)
    }),
  )
}
