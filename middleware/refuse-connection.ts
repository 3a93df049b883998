import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { AppError } from '../app/errors.ts'
import { errorEnvelope } from './envelope.ts'

/** How long the rest of a refused request is read and dropped. */
const LINGER_MS = 5000

/** Answers a request that never reached Express with the usual error envelope and closes its connection. */
export function refuseConnection(socket: Duplex, refusal: AppError, requestId: string = randomUUID()): void {
  const { status, headers } = refusal
  const body = JSON.stringify(errorEnvelope(refusal, requestId))
  const fields = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Request-Id': requestId,
    Connection: 'close',
    ...headers,
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  closeAfterAnswer(socket, [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n'))
}

/**
 * Closes our side of a connection, after a last text. A reset would discard what the client has not read yet, so
 * the connection stays until the client closes its side, for 5 s at most.
 */
export function closeAfterAnswer(socket: Duplex, text = ''): void {
  socket.on('error', () => socket.destroy())
  socket.end(text)
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref()
  socket.once('close', () => clearTimeout(timer))
}
