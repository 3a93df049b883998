import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { AppError } from '../app/errors.ts'
import { errors } from '../app/metrics/counters.ts'
import { errorEnvelope } from './envelope.ts'

/** Longest time for which the rest of a refused request is read and dropped, in milliseconds. */
const LINGER_MS = 5000

/**
 * Answers a request that did not reach Express with the error envelope, and closes its connection.
 *
 * @param added further headers
 */
export function refuseConnection(
  socket: Duplex,
  error: AppError,
  { requestId = randomUUID(), added = {} }: { requestId?: string; added?: Record<string, string> } = {},
): void {
  const { status, headers } = error
  errors.inc({ code: error.code })
  const body = `${JSON.stringify(errorEnvelope(error, requestId))}\n`
  const fields = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Request-Id': requestId,
    Connection: 'close',
    ...headers,
    ...added,
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  closeAfterAnswer(socket, [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n'))
}

/**
 * Sends a text and closes our side of a connection. The connection stays open until the client closes its side, at most
 * 5 s, because a reset would discard data that the client has not read yet.
 */
export function closeAfterAnswer(socket: Duplex, text = ''): void {
  socket.on('error', () => socket.destroy())
  socket.end(text)
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref()
  socket.once('close', () => clearTimeout(timer))
}
