import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { mongo } from 'mongoose'
import { replaceMethod, serversOf } from '../driver.ts'

/** The class of the driver that writes commands to a socket (mongodb 7.8, `lib/cmap/connection.js`). */
interface DriverConnection extends EventEmitter {
  socket: Socket
  /** Set before the event `close`. */
  error: Error | null
  writeCommand(message: unknown, options: unknown): Promise<void>
}

interface DriverServer {
  pool: { options: { connectionType: { prototype: DriverConnection } } }
}

/**
 * Lets commands of all clients of the database fail from now on when their connection is closed while they are written.
 * The driver waits for the event `drain` of the socket, which a closed socket never emits: the command keeps its place in
 * the pool permanently, and a heartbeat that waits is the last one, so that the service stays without a database. Replaces a
 * method of the driver; `test/app/lifecycle/closed-writes.test.ts` fails when a version of the driver does not have it.
 *
 * @param client a connected client
 */
export function failClosedWrites(client: mongo.MongoClient): void {
  const [server] = serversOf<DriverServer>(client).values()
  if (server) replaceMethod(server.pool.options.connectionType.prototype, 'writeCommand', untilClosed)
}

type Write = DriverConnection['writeCommand']

const untilClosed = (write: Write): Write =>
  async function (this: DriverConnection, message, options) {
    const closedError = () => this.error ?? new mongo.MongoNetworkError('the connection is closed')
    // closed before the driver listened to the socket
    if (this.socket.closed) throw closedError()
    let onClose: () => void = () => undefined
    const closed = new Promise<never>((_resolve, reject) => {
      onClose = () => reject(closedError())
      this.once('close', onClose)
    })
    try {
      await Promise.race([write.call(this, message, options), closed])
    } finally {
      this.off('close', onClose)
    }
  }
