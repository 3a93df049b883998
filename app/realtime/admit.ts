import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { failure } from '../envelope.ts'
import { type AppError, forbidden, unavailable } from '../errors.ts'
import type { Services } from '../services.ts'

/** Whether a request asks for the socket at all. */
export function asksForSocket({ url = '', headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && /^\/ws\/?(?:$|\?)/.test(url)
}

/**
 * Lets only those in who may be: browsers of configured origins, programs of anywhere, and nobody before the
 * service is ready or while it stops. No cookie opens anything here; the check keeps other sites' scripts from
 * using what a user can reach (OWASP WebSocket Security Cheat Sheet).
 *
 * @throws `unavailable`, `forbidden`
 */
export function assertAdmissible(
  { config, stopping, prepared }: Pick<Services, 'config' | 'stopping' | 'prepared'>,
  { headers: { origin } }: IncomingMessage,
): void {
  if (stopping.aborted || !prepared) throw unavailable()
  const { origins } = config.http
  if (origin !== undefined && origins[0] !== '*' && !origins.includes(origin)) throw forbidden()
}

/** Answers a request for a socket like any other that is refused, and closes its connection. */
export function refuseUpgrade(
  request: IncomingMessage,
  socket: Socket,
  refusal: AppError,
  requestId: string,
): void {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => socket.end())
  socket.once('error', () => socket.destroy())
  response.writeHead(refusal.status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Request-Id': requestId,
    ...refusal.headers,
  })
  response.end(JSON.stringify(failure(refusal, requestId)))
}
