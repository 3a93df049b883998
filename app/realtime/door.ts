import type { IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'
import { USER_AGENT_MAX } from '../../models/session.ts'
import type { Client } from '../auth/client.ts'
import type { Services } from '../services.ts'
import { UNAUTHENTICATED } from './close-codes.ts'
import { Connection } from './connection.ts'
import type { Connections } from './connections.ts'
import { Dispatcher } from './dispatch.ts'
import type { SocketLimits } from './limits.ts'

/** Takes sockets in and hears what they say. */
export class Door {
  readonly #dispatcher: Dispatcher

  constructor(
    private readonly services: Services,
    private readonly connections: Connections,
    private readonly limits: SocketLimits,
  ) {
    this.#dispatcher = new Dispatcher(services, connections)
  }

  enter(socket: WebSocket, { headers }: IncomingMessage, address: string | undefined): void {
    const left = new AbortController()
    socket.once('close', () => left.abort())
    const userAgent = headers['user-agent']?.slice(0, USER_AGENT_MAX)
    const client = { address, userAgent, signal: left.signal }
    const connection = new Connection(socket, client, this.limits, (one) => this.#dispatcher.refuseBytes(one))
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
    socket.on('pong', live).on('ping', live)
    socket.on('message', (data, isBinary) => {
      live()
      if (!connection.isOpen || !Buffer.isBuffer(data)) return
      if (isBinary) connection.bytes.take(data)
      else this.#dispatcher.take(connection, data)
    })
    // what breaks the protocol: the library closes the socket with the code that says so
    socket.on('error', (error) =>
      this.services.log.debug({ socket: connection.id, reason: error.message }, 'socket failed'),
    )
  }

  #forget(connection: Connection, { address }: Client, code: number): void {
    this.connections.remove(connection)
    this.services.log.info({ socket: connection.id, address, code }, 'socket closed')
  }
}
