import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Types } from 'mongoose'
import type { WebSocket } from 'ws'
import type { ClientInfo } from '../../app/auth/client-info.ts'
import { malformedUpload } from '../../app/errors.ts'
import type { AccessLevel } from '../../models/user.ts'
import { ByteDoor } from './binary-receiver.ts'
import { POLICY_VIOLATION, TOO_BIG } from './close-codes.ts'
import type { SocketLimits } from './limits.ts'
import { Outbox } from './outbox.ts'

/** Who is signed in on a socket. */
export interface Identity {
  user: { _id: Types.ObjectId; username: string; access: AccessLevel }
  session: Types.ObjectId
  /** When the session runs out, as it was known last. */
  expiresAt: Date
  /** What the token of the session names it by. */
  tokenId: string
}

interface Handlers {
  /** Handles one frame. */
  frame(connection: Connection, data: Buffer, isBinary: boolean): void
  /** Refuses bytes that belong to no upload. */
  refuseBytes(connection: Connection): void
  /** Reports an unexpected error; the connection is terminated afterwards. */
  failed(connection: Connection, error: unknown): void
}

/** Why a connection is not read: an upload or answers wait, or too many operations run. */
type Brake = 'upload' | 'operations' | 'answers'

/** One socket: its peer, the operations that run on it, and its flow control in both directions. */
export class Connection {
  readonly id = randomUUID()
  identity: Identity | null = null
  /** Whether the session of who is signed in was found to be over. */
  hasEnded = false
  /** Whether it wants events. */
  subscribed = false
  /** Why the service closed it, if it did: a peer that does not answer leaves 1006 for the socket itself. */
  closeCode: number | undefined
  /** Whether a sign of life has come since this was asked last. */
  alive = true
  /** The last sign-in that was asked for: what came after it waits for it. */
  signingIn: Promise<unknown> = Promise.resolve()
  readonly bytes: ByteDoor
  /** Resolves when the socket is closed and nothing runs on it any more. */
  readonly ended: Promise<void>
  readonly #brakes = new Set<Brake>()
  /** Frames that arrived while the connection was held, in their order. */
  #inbox: { data: Buffer; isBinary: boolean }[] = []
  #isTakingInbox = false
  /** Frames that arrived after the close. */
  #ignored = 0
  readonly #outbox: Outbox
  #running = 0
  #onIdle: (() => void)[] = []

  /** @param wire the network connection below the WebSocket */
  constructor(
    private readonly socket: WebSocket,
    private readonly wire: Duplex & { setTimeout?(ms: number): unknown },
    readonly client: ClientInfo,
    private readonly limits: SocketLimits,
    private readonly handlers: Handlers,
  ) {
    this.bytes = new ByteDoor({
      limits,
      hold: () => this.#hold('upload'),
      release: () => this.#release('upload'),
      refused: () => handlers.refuseBytes(this),
      flooded: () => this.close(TOO_BIG, 'too many bytes ahead'),
    })
    this.#outbox = new Outbox({
      limits,
      hold: () => this.#hold('answers'),
      release: () => this.#release('answers'),
      overflow: () => this.close(POLICY_VIOLATION, 'answers are not read'),
    })
    wire.on('timeout', () => this.close(POLICY_VIOLATION, 'answers are not read'))
    // Not `once` of node:events: it rejects on 'error', which every malformed frame emits.
    this.ended = new Promise<void>((resolve) => socket.once('close', () => resolve())).then(() => {
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

  /** Takes a frame of the peer. It waits while operations or answers hold the connection. */
  receive(data: Buffer, isBinary: boolean): void {
    if (this.isOpen) {
      this.#inbox.push({ data, isBinary })
      this.#takeInbox()
      if (this.#inbox.length > this.limits.waitingFrames)
        this.close(POLICY_VIOLATION, 'too many frames at once')
    } else if (++this.#ignored > this.limits.waitingFrames) this.terminate()
  }

  /** Sends a message. Resolves when it is written, or when the connection is lost; never rejects. */
  async send(message: object): Promise<void> {
    try {
      const text = JSON.stringify(message)
      if (this.isOpen)
        await this.#outbox.send(Buffer.byteLength(text), (done) => this.socket.send(text, done))
    } catch (error) {
      this.fail(error)
    }
  }

  fail(error: unknown): void {
    this.handlers.failed(this, error)
    this.terminate()
  }

  /** Runs an operation. A rejection ends this connection only. */
  async run(operation: () => Promise<void>): Promise<void> {
    this.#running++
    if (this.#running >= this.limits.operationsAtOnce) this.#hold('operations')
    try {
      await operation()
    } catch (error) {
      this.fail(error)
    }
    this.#running--
    if (this.#running < this.limits.operationsAtOnce) this.#release('operations')
    if (this.#running === 0) for (const tell of this.#onIdle.splice(0)) tell()
  }

  /** Resolves when nothing runs on it. */
  async idle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  async ping(): Promise<void> {
    this.alive = false
    if (this.isOpen) await this.#outbox.send(0, (done) => this.socket.ping('', false, done))
  }

  /** Answers a ping, unless answers wait already. */
  async pong(data: Buffer): Promise<void> {
    if (this.isOpen && !this.#brakes.has('answers'))
      await this.#outbox.send(data.length, (done) => this.socket.pong(data, false, done))
  }

  /** Closes the connection; it is cut off when the peer does not close its side within `closeMs`. */
  close(code: number, reason: string): void {
    this.#cutOff()
    this.closeCode ??= code
    this.socket.close(code, reason)
    // Only a socket that is read receives the peer's close frame.
    this.#brakes.clear()
    this.socket.resume()
  }

  terminate(): void {
    this.socket.terminate()
  }

  #cutOff(): void {
    this.#inbox = []
    this.wire.setTimeout?.(0)
    this.bytes.fail(malformedUpload(undefined, 'The socket was closed.'))
  }

  #takeInbox(): void {
    if (this.#isTakingInbox) return
    this.#isTakingInbox = true
    const inbox = this.#inbox
    let taken = 0
    try {
      for (const { data, isBinary } of inbox) {
        if (!this.isOpen || this.#brakes.has('operations') || this.#brakes.has('answers')) break
        taken++
        this.handlers.frame(this, data, isBinary)
      }
    } catch (error) {
      this.fail(error)
    }
    inbox.splice(0, taken)
    this.#isTakingInbox = false
  }

  #hold(brake: Brake): void {
    if (!this.isOpen || this.#brakes.has(brake)) return
    this.#brakes.add(brake)
    this.socket.pause()
    if (brake === 'answers') this.wire.setTimeout?.(this.limits.unreadMs)
  }

  #release(brake: Brake): void {
    if (!this.#brakes.delete(brake)) return
    if (brake === 'answers') this.wire.setTimeout?.(0)
    this.#takeInbox()
    if (this.#brakes.size === 0) this.socket.resume()
  }
}
