import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import proxyAddr from 'proxy-addr'
import { WebSocketServer } from 'ws'
import { plainAddress } from '../../app/auth/client-info.ts'
import { proxyTrust } from '../../app/auth/proxy-check.ts'
import type { Context } from '../../app/context.ts'
import { forbidden, malformedRequest, starting, stopping } from '../../app/errors.ts'
import { withoutBasePath } from '../../middleware/base-path.ts'
import { translateError } from '../../middleware/handle-errors.ts'
import { ownOrigins } from '../../middleware/own-origins.ts'
import { takeOver } from '../../middleware/pipelining.ts'
import { refuseConnection } from '../../middleware/refuse-connection.ts'
import { connectionAcceptor } from './accept.ts'
import type { Connections } from './connections.ts'
import type { SocketLimits } from './limits.ts'

/** Handles the requests of a server that ask for an upgrade: opens a WebSocket connection, refuses it or answers as HTTP. */
export function handleUpgrades(
  server: Server,
  context: Context,
  connections: Connections,
  limits: SocketLimits,
): void {
  const accept = connectionAcceptor(context, connections, limits)
  const { trustProxy, basePath } = context.config.http
  const trusts = proxyTrust(trustProxy)
  const addressOf = (request: IncomingMessage) => plainAddress(proxyAddr(request, trusts))
  const handshakes = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.frameBytes,
    perMessageDeflate: false,
    handleProtocols: () => false,
    // Pongs are sent by `Connection`, which counts them as bytes that the client has to read.
    autoPong: false,
    ...closeTimeout(limits.closeMs),
  })

  const refuse = (socket: Duplex, request: IncomingMessage, error: unknown) => {
    const refusal = translateError(error)
    const requestId = randomUUID()
    const { code } = refusal
    context.log.info({ address: addressOf(request), requestId, code }, 'socket refused')
    refuseConnection(socket, refusal, { requestId })
  }
  handshakes.on('wsClientError', (error, socket, request) => refuse(socket, request, invalidHandshake(error)))
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    try {
      if (!isHandshake(request, basePath)) return serveWithoutUpgrade(server, request, socket, head)
      context.proxyCheck.inspect(request.headers)
      const address = addressOf(request)
      requireAdmission(context, request.headers.origin, ownOrigins(request, trusts))
      connections.requireCapacity(address)
      handshakes.handleUpgrade(request, socket, head, (one) => accept(one, socket, request, address))
    } catch (error) {
      refuse(socket, request, error)
    }
  }
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    takeOver(socket, () => upgrade(request, socket, head))
  })
}

/** The version header tells a client of another version which one to use (RFC 6455 §4.4). */
const invalidHandshake = (cause: Error) =>
  malformedRequest('The WebSocket handshake is not valid.', cause, { 'Sec-WebSocket-Version': '13' })

/** The types of ws 8.18 lack this option of ws 8.23. */
const closeTimeout = (ms: number): object => ({ closeTimeout: ms })

function isHandshake({ method, url = '', headers }: IncomingMessage, basePath: string): boolean {
  const isAsked = method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
  return isAsked && /^\/ws\/?(?:$|\?)/.test(withoutBasePath(url, basePath))
}

/**
 * Checks that a client can connect. Browsers can connect from the service's own pages and the configured origins only,
 * which keeps scripts of other sites from using a service that the user's browser can reach (OWASP WebSocket Security Cheat Sheet). Programs send no
 * `Origin` and can always connect.
 *
 * @throws `unavailable` if the service is not ready or is stopping
 * @throws `forbidden` if the origin is neither configured nor one of `own`, those of the service
 */
function requireAdmission(
  { originCheck, stopping: stop, prepared }: Pick<Context, 'originCheck' | 'stopping' | 'prepared'>,
  origin: string | undefined,
  own: string[],
): void {
  if (stop.aborted) throw stopping()
  if (!prepared) throw starting()
  if (origin !== undefined && !originCheck.allows(origin, own)) throw forbidden()
}

/** Headers that ask for an upgrade, h2c included. */
const UPGRADE_HEADERS = new Set(['upgrade', 'http2-settings', 'connection'])

/**
 * Answers a request for an upgrade that is not offered, such as h2c, as an ordinary request (RFC 9110 §7.8: a server
 * can ignore Upgrade). A server with an `upgrade` listener gets every such request there, with its body unread, and
 * cannot return it to the parser: https://github.com/nodejs/node/issues/57054. So the request is put back onto its
 * connection without the upgrade headers, and the connection is announced to the server again. The connection closes
 * after the answer, because a client could otherwise repeat this expensive setup hundreds of times.
 */
function serveWithoutUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let n = 0; n < rawHeaders.length; n += 2)
    if (!UPGRADE_HEADERS.has(String(rawHeaders[n]).toLowerCase()))
      lines.push(`${rawHeaders[n]}: ${rawHeaders[n + 1]}`)
  lines.push('Connection: close', '', '')
  socket.unshift(Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), head]))
  server.emit('connection', socket)
}
