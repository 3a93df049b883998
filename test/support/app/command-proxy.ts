import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Frames, readMessage, writeReply } from '../../../embedded/mongo/wire/message.ts'
import { socketOf } from '../../embedded/engine.ts'
import type { Target } from './fault-proxy.ts'

type Reply = Parameters<typeof writeReply>[1]

/** A proxy for a database that can answer commands itself, for example with an error. */
export class CommandProxy {
  /**
   * Returns the answer to a command, `cut` to close its connection, or undefined to pass the command on. Given its name
   * and its first argument, most often a collection.
   */
  fault: (command: string, argument: unknown) => Reply | 'cut' | undefined = () => undefined
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((client) => this.#accept(client))

  private constructor(private readonly target: Target) {}

  /** Opens a proxy for a database. Returns it and its URI. */
  static async open(database: string): Promise<{ proxy: CommandProxy; uri: string }> {
    const uri = new URL(database)
    const path = socketOf(uri.href)
    const target = path.startsWith('/') ? { path } : { host: uri.hostname, port: Number(uri.port) }
    const proxy = await new CommandProxy(target).#listen()
    uri.host = `127.0.0.1:${(proxy.#server.address() as AddressInfo).port}`
    return { proxy, uri: uri.href }
  }

  async #listen(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return this
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  #accept(client: Socket): void {
    const server = connect(this.target)
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one)
      // errors are expected: both ends can break the connection
      one.on('error', () => undefined)
      one.once('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
    server.pipe(client)
    const frames = new Frames()
    client.on('data', (chunk: Buffer) => {
      for (const frame of frames.add(chunk)) {
        const request = readMessage(frame)
        const reply = this.fault(...(Object.entries(request.body)[0] ?? ['', undefined]))
        if (reply === 'cut') client.destroy()
        else if (reply === undefined) server.write(frame)
        else client.write(writeReply(request, reply))
      }
    })
  }
}
