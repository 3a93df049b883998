import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Types } from 'mongoose'
import pLimit from 'p-limit'
import type { WebSocket } from 'ws'
import type { AccessLevel } from '../../models/user-fields.ts'
import type { Client } from '../auth/client.ts'
import { malformedUpload } from '../errors.ts'
import { ByteDoor } from './byte-door.ts'
import { POLICY_VIOLATION, TOO_BIG } from './close-codes.ts'
import type { SocketLimits } from './limits.ts'

/** Who is signed in on a socket. */
export interface Identity {
  user: { _id: Types.ObjectId; username: string; access: AccessLevel }
  session: Types.ObjectId
  /** What the token of the session names it by. */
  tokenId: string
}

/** One socket: what is known of its peer, what runs on it, and how fast it may go. */
export class Connection {
  readonly id = randomUUID()
  identity: Identity | null = null
  /** Whether the session of who is signed in was found to be over. */
  hasEnded = false
  /** Whether it wants events. */
  subscribed = false
  /** Whether a sign of life has come since this was asked last. */
  alive = true
  /** The last sign-in that was asked for: what came after it waits for it. */
  signingIn: Promise<unknown> = Promise.resolve()
  readonly bytes: ByteDoor
  /** Resolves when the socket is closed and nothing runs on it any more. */
  readonly ended: Promise<void>
  readonly #brakes = new Set<'upload' | 'operations'>()
  readonly #atOnce: ReturnType<typeof pLimit>
  #running = 0
  #onIdle: (() => void)[] = []

  constructor(
    private readonly socket: WebSocket,
    readonly client: Client,
    private readonly limits: SocketLimits,
    refuseBytes: (connection: Connection) => void,
  ) {
    this.#atOnce = pLimit(limits.operationsAtOnce)
    this.bytes = new ByteDoor({
      limits,
      hold: () => this.#hold('upload'),
      release: () => this.#release('upload'),
      refused: () => refuseBytes(this),
      flooded: () => this.close(TOO_BIG, 'too many bytes ahead'),
    })
    this.ended = once(socket, 'close').then(() => {
      this.#cutOff()
      return this.idle()
    })
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }

  /** Whether it is not being read: then no sign of life can come. */
  get isHeld(): boolean {
    return this.#brakes.size > 0
  }

  /** Resolves when the message is on its way, or never will be: the peer has gone. */
  send(message: object): Promise<void> {
    return new Promise((resolve) => this.socket.send(JSON.stringify(message), () => resolve()))
  }

  /** Sends an event; a peer that does not read is let go. */
  notify(event: object): void {
    if (this.socket.bufferedAmount > this.limits.unreadBytes) this.close(POLICY_VIOLATION, 'too slow')
    else void this.send(event)
  }

  /** Runs an operation when its turn comes. */
  async run(operation: () => Promise<void>): Promise<void> {
    this.#running++
    const running = this.#atOnce(operation)
    if (this.#running > this.limits.operationsAtOnce) this.#hold('operations')
    await running.finally(() => {
      this.#running--
      if (this.#running <= this.limits.operationsAtOnce) this.#release('operations')
      if (this.#running === 0) for (const tell of this.#onIdle.splice(0)) tell()
    })
  }

  /** Resolves when nothing runs on it. */
  async idle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  ping(): void {
    this.alive = false
    this.socket.ping()
  }

  close(code: number, reason: string): void {
    this.#cutOff()
    this.socket.close(code, reason)
  }

  #cutOff(): void {
    this.bytes.fail(malformedUpload(undefined, 'The socket was closed.'))
  }

  terminate(): void {
    this.socket.terminate()
  }

  #hold(brake: 'upload' | 'operations'): void {
    this.#brakes.add(brake)
    this.socket.pause()
  }

  #release(brake: 'upload' | 'operations'): void {
    this.#brakes.delete(brake)
    if (this.#brakes.size === 0) this.socket.resume()
  }
}
