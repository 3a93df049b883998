import type { IncomingMessage } from 'node:http'
import type { Context } from '../../app/context.ts'
import { forbidden, unavailable } from '../../app/errors.ts'

/** Whether a request asks for the socket at all. */
export function asksForSocket({ method, url = '', headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && /^\/ws\/?(?:$|\?)/.test(url)
}

/**
 * Lets only those in who may be: browsers of configured origins, programs of anywhere, and nobody before the
 * service is ready or while it stops. No cookie opens anything here; the check keeps other sites' scripts from
 * using what a user can reach (OWASP WebSocket Security Cheat Sheet).
 *
 * @throws `unavailable`, `forbidden`
 */
export function assertAdmissible(
  { config, stopping, prepared }: Pick<Context, 'config' | 'stopping' | 'prepared'>,
  { headers: { origin } }: IncomingMessage,
): void {
  if (stopping.aborted || !prepared) throw unavailable()
  const { origins } = config.http
  if (origin !== undefined && origins[0] !== '*' && !origins.includes(origin)) throw forbidden()
}
