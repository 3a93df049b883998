import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Context } from '../../app/context.ts'
import { containedErrors } from '../../app/metrics/counters.ts'
import { USER_AGENT_MAX } from '../../models/session.ts'
import { Connection, UNAUTHENTICATED } from './connection.ts'
import type { Connections } from './connections.ts'
import { Dispatcher } from './dispatcher.ts'
import type { SocketLimits } from './limits.ts'

/** @param transport the network connection below the WebSocket */
type Accept = (
  socket: WebSocket,
  transport: Duplex,
  request: IncomingMessage,
  address: string | undefined,
) => void

/** Returns a function that creates a `Connection` for each new socket and passes the socket's events to it. */
export function connectionAcceptor(context: Context, connections: Connections, limits: SocketLimits): Accept {
  const dispatcher = new Dispatcher(context, connections)
  const handlers = {
    onFrame: (connection: Connection, data: Buffer, isBinary: boolean) =>
      isBinary ? connection.binary.receive(data) : dispatcher.dispatch(connection, data),
    onUnexpectedBytes: (connection: Connection) => dispatcher.refuseBytes(connection),
    onError(connection: Connection, error: unknown) {
      containedErrors.inc({ kind: 'socket' })
      context.log.error({ err: error, socket: connection.id }, 'unexpected error, the socket is terminated')
    },
  }

  return (socket, transport, { headers }, address) => {
    const closed = new AbortController()
    socket.once('close', () => closed.abort())
    const userAgent = headers['user-agent']?.slice(0, USER_AGENT_MAX)
    const client = { address, userAgent, signal: closed.signal }
    const connection = new Connection(socket, transport, client, limits, handlers)
    connections.add(connection)
    context.metrics.webSockets.inc()
    const signInTimer = setTimeout(() => {
      if (!connection.identity) connection.close(UNAUTHENTICATED, 'no sign-in in time')
    }, limits.signInMs)

    socket.on('pong', () => {
      connection.isAlive = true
    })
    socket.on('ping', (data) => {
      connection.isAlive = true
      connection.pong(data)
    })
    socket.on('message', (data, isBinary) => {
      connection.isAlive = true
      if (Buffer.isBuffer(data)) connection.receive(data, isBinary)
    })
    // A frame that violates the protocol: ws closes the socket with the matching close code.
    socket.on('error', ({ message }) =>
      context.log.debug({ socket: connection.id, reason: message }, 'socket failed'),
    )
    socket.once('close', (code) => {
      clearTimeout(signInTimer)
      connections.remove(connection)
      context.metrics.webSockets.dec()
      context.log.info(
        { socket: connection.id, address, code: connection.closeCode ?? code },
        'socket closed',
      )
    })
  }
}
