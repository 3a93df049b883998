import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * What happens to a connection: nothing (`pass`), every piece comes late (`delay`), nothing comes any more (`stall`),
 * it ends as if closed (`cut`) or breaks (`reset`) after some bytes, or it is not taken at all (`refuse`).
 */
export type ProxyFault = 'pass' | 'delay' | 'stall' | 'cut' | 'reset' | 'refuse'

const DELAY_MS = 10
/** After how many bytes connections break, one after the other: at once, within a head, within a body, later. */
const BREAKS = [0, 300, 3000, 20_000, 200_000]

/** Stands on loopback between a client and a server and does to their connections what it is told. */
export class FaultProxy {
  #fault: ProxyFault = 'pass'
  #sockets = new Set<Socket>()
  #broken = 0
  #server = createServer((client) => this.#join(client))

  constructor(private readonly target: { host: string; port: number } | { path: string }) {}

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async listen(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return this
  }

  /** From now on, for connections that stand as well. */
  do(fault: ProxyFault): void {
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

  #join(client: Socket): void {
    if (this.#fault === 'refuse') {
      client.destroy()
      return
    }
    const server = connect(this.target)
    this.#carry(client, server)
    this.#carry(server, client)
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from)
    from.once('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
    // Either end may break a connection: that is what this is for.
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
        left ??= BREAKS[this.#broken++ % BREAKS.length] ?? 0
        left -= piece.length
        if (left < 0) return this.#fault === 'cut' ? void from.end() : void from.resetAndDestroy()
      } else left = undefined
      to.write(piece)
    })
  }
}
