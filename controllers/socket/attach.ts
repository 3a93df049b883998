import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import proxyAddr from 'proxy-addr'
import { WebSocketServer } from 'ws'
import { proxyTrust } from '../../app/auth/proxy-check.ts'
import type { Context } from '../../app/context.ts'
import { malformedRequest } from '../../app/errors.ts'
import { translateError } from '../../middleware/handle-errors.ts'
import { takeOver } from '../../middleware/pipelining.ts'
import { refuseConnection } from '../../middleware/refuse-connection.ts'
import { asksForSocket, assertAdmissible } from './admit.ts'
import { Delivery } from './broadcaster.ts'
import { Connections } from './connections.ts'
import { serveWithoutUpgrade } from './decline-upgrade.ts'
import { leaveAll } from './drain.ts'
import { Door } from './handshake.ts'
import { keepWatch } from './heartbeat.ts'
import { LIMITS, type SocketLimits } from './limits.ts'

export interface Sockets {
  readonly connections: Connections
  /** Lets what runs end, for `limitMs` at the most, then closes every socket (1001). */
  close(limitMs?: number): Promise<void>
}

/** As long as running requests have. */
const DRAIN_MS = 25_000

/** Opens the door at `/ws` of a server (contract §8). */
export function attach(server: Server, context: Context, given: Partial<SocketLimits> = {}): Sockets {
  const bytesPerSecond = context.config.uploads.minBytesPerSecond
  const limits = { ...LIMITS, bytesPerSecond, ...given }
  const connections = new Connections(limits)
  const delivery = new Delivery(context, connections)
  const door = new Door(context, connections, limits)
  const trusts = proxyTrust(context.config.http.trustProxy)
  const handshakes = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.frameBytes,
    perMessageDeflate: false,
    handleProtocols: () => false,
    // Pongs count as answers that the peer has to read.
    autoPong: false,
    ...closeTimeout(limits.closeMs),
  })

  const refuse = (socket: Duplex, request: IncomingMessage, error: unknown) => {
    const refusal = translateError(error)
    const requestId = randomUUID()
    const { code } = refusal
    context.log.info({ address: request.socket.remoteAddress, requestId, code }, 'socket refused')
    refuseConnection(socket, refusal, requestId)
  }
  handshakes.on('wsClientError', (error, socket, request) => refuse(socket, request, handshakeRefused(error)))
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    try {
      if (!asksForSocket(request)) return serveWithoutUpgrade(server, request, socket, head)
      context.proxyCheck.look(request.headers)
      const address = proxyAddr(request, trusts)
      assertAdmissible(context, request)
      connections.refuseCrowd(address)
      handshakes.handleUpgrade(request, socket, head, (one) => door.enter(one, socket, request, address))
    } catch (error) {
      refuse(socket, request, error)
    }
  }
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    takeOver(socket, () => upgrade(request, socket, head))
  })

  const stopListening = context.changes.listen((change) => delivery.take(change))
  const watch = keepWatch(context, { connections, delivery, limits })
  return {
    connections,
    async close(limitMs = DRAIN_MS) {
      await leaveAll(connections, limitMs)
      stopListening()
      await watch.end()
      await delivery.idle()
    },
  }
}

/** The version header tells a client of another version which one to use (RFC 6455 §4.4). */
const handshakeRefused = (cause: Error) =>
  malformedRequest('The WebSocket handshake is not valid.', cause, { 'Sec-WebSocket-Version': '13' })

/** The types of ws 8.18 do not know this option of ws 8.23 yet. */
const closeTimeout = (ms: number): object => ({ closeTimeout: ms })
