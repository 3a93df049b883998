import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { ClientInfo } from '../../app/auth/client-info.ts'
import type { Context } from '../../app/context.ts'
import { containedErrors } from '../../app/metrics.ts'
import { USER_AGENT_MAX } from '../../models/session.ts'
import { UNAUTHENTICATED } from './close-codes.ts'
import { Connection } from './connection.ts'
import type { Connections } from './connections.ts'
import { Dispatcher } from './dispatch.ts'
import type { SocketLimits } from './limits.ts'

/** Takes sockets in and hears what they say. */
export class Door {
  readonly #dispatcher: Dispatcher

  constructor(
    private readonly context: Context,
    private readonly connections: Connections,
    private readonly limits: SocketLimits,
  ) {
    this.#dispatcher = new Dispatcher(context, connections)
  }

  /** @param wire the network connection below the WebSocket */
  enter(socket: WebSocket, wire: Duplex, { headers }: IncomingMessage, address: string | undefined): void {
    const left = new AbortController()
    socket.once('close', () => left.abort())
    const userAgent = headers['user-agent']?.slice(0, USER_AGENT_MAX)
    const client = { address, userAgent, signal: left.signal }
    const connection = new Connection(socket, wire, client, this.limits, {
      frame: (one, data, isBinary) => (isBinary ? one.bytes.take(data) : this.#dispatcher.take(one, data)),
      refuseBytes: (one) => this.#dispatcher.refuseBytes(one),
      failed: (one, error) => this.#report(one, error),
    })
    this.connections.add(connection)
    const grace = setTimeout(() => {
      if (!connection.identity) connection.close(UNAUTHENTICATED, 'nobody has signed in')
    }, this.limits.signInMs)
    this.#hear(socket, connection)
    socket.once('close', (code) => {
      clearTimeout(grace)
      this.#forget(connection, client, code)
    })
  }

  #hear(socket: WebSocket, connection: Connection): void {
    const live = () => {
      connection.alive = true
    }
    socket.on('pong', live)
    socket.on('ping', (data) => {
      live()
      connection.pong(data)
    })
    socket.on('message', (data, isBinary) => {
      live()
      if (Buffer.isBuffer(data)) connection.receive(data, isBinary)
    })
    // what breaks the protocol: the library closes the socket with the code that says so
    socket.on('error', (error) =>
      this.context.log.debug({ socket: connection.id, reason: error.message }, 'socket failed'),
    )
  }

  #report(connection: Connection, error: unknown): void {
    containedErrors.inc({ kind: 'socket' })
    this.context.log.error({ err: error, socket: connection.id }, 'an unexpected error ended this socket')
  }

  #forget(connection: Connection, { address }: ClientInfo, code: number): void {
    this.connections.remove(connection)
    this.context.log.info(
      { socket: connection.id, address, code: connection.closeCode ?? code },
      'socket closed',
    )
  }
}
