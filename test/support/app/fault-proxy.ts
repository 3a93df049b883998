import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Fault of a connection: none (`pass`), each chunk is late (`delay`), no more chunks (`stall`), closed (`cut`) or reset
 * (`reset`) after some bytes, or not accepted (`refuse`).
 */
export type ProxyFault = 'pass' | 'delay' | 'stall' | 'cut' | 'reset' | 'refuse'

/** Milliseconds by which `delay` holds a chunk. */
const DELAY_MS = 10
/** Bytes after which successive connections break: immediately, in a head, in a body, later. */
const BREAK_AFTER_BYTES = [0, 300, 3000, 20_000, 200_000]

/** Address of the server behind a proxy. */
export type Target = { host: string; port: number } | { path: string }

/** A TCP proxy on loopback that causes faults in the connections between a client and a server. */
export class FaultProxy {
  #fault: ProxyFault = 'pass'
  #sockets = new Set<Socket>()
  #broken = 0
  #server = createServer((client) => this.#accept(client))

  constructor(private readonly target: Target) {}

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async listen(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return this
  }

  /** Sets the fault of all connections, including open ones. */
  setFault(fault: ProxyFault): void {
    this.#fault = fault
    if (fault === 'refuse') this.#end()
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#end()
    await once(this.#server, 'close')
  }

  #end(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(client: Socket): void {
    if (this.#fault === 'refuse') {
      client.destroy()
      return
    }
    const server = connect(this.target)
    this.#forward(client, server)
    this.#forward(server, client)
  }

  #forward(from: Socket, to: Socket): void {
    this.#sockets.add(from)
    from.once('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
    // Errors are expected: both ends can break the connection.
    from.on('error', () => undefined)
    let left: number | undefined
    from.on('data', async (piece: Buffer) => {
      if (this.#fault === 'stall') return
      if (this.#fault === 'delay') {
        from.pause()
        await delay(DELAY_MS)
        from.resume()
      }
      if (this.#fault === 'cut' || this.#fault === 'reset') {
        left ??= BREAK_AFTER_BYTES[this.#broken++ % BREAK_AFTER_BYTES.length] ?? 0
        left -= piece.length
        if (left < 0) return this.#fault === 'cut' ? void from.end() : void from.resetAndDestroy()
      } else left = undefined
      to.write(piece)
    })
  }
}
