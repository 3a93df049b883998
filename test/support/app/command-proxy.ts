import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Frames, readMessage, writeReply } from '../../../embedded/mongo/wire/message.ts'
import type { Target } from './fault-proxy.ts'

type Reply = Parameters<typeof writeReply>[1]

/** A proxy for a database that can answer commands itself, for example with an error. */
export class CommandProxy {
  /** Returns the answer to a command, `cut` to close its connection, or undefined to pass the command on. */
  fault: (command: string) => Reply | 'cut' | undefined = () => undefined
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((client) => this.#accept(client))

  constructor(private readonly target: Target) {}

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async listen(): Promise<this> {
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
        const reply = this.fault(Object.keys(request.body)[0] ?? '')
        if (reply === 'cut') client.destroy()
        else if (reply === undefined) server.write(frame)
        else client.write(writeReply(request, reply))
      }
    })
  }
}
