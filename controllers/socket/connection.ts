import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Types } from 'mongoose'
import type { WebSocket } from 'ws'
import type { ClientInfo } from '../../app/auth/client-info.ts'
import { malformedUpload } from '../../app/errors.ts'
import type { AccessLevel } from '../../models/access-level.ts'
import { BinaryReceiver } from './binary-receiver.ts'
import type { SocketLimits } from './limits.ts'

// Close codes of the service (RFC 6455 §7.4). 4000 to 4999 are for applications.
export const GOING_AWAY = 1001
const POLICY_VIOLATION = 1008
const TOO_BIG = 1009
export const UNAUTHENTICATED = 4401

/** The sign-in of a connection. */
export interface Identity {
  user: { _id: Types.ObjectId; username: string; access: AccessLevel }
  session: Types.ObjectId
  /** When the session expires, as of the last look-up. */
  expiresAt: Date
  /** The `jti` of the session's token. */
  tokenId: string
}

interface Handlers {
  onFrame(connection: Connection, data: Buffer, isBinary: boolean): void
  /** Handles binary frames without an upload. */
  onUnexpectedBytes(connection: Connection): void
  /** Reports an unexpected error. The connection is terminated afterwards. */
  onError(connection: Connection, error: unknown): void
}

/** Why a connection is not read: an upload waits for the store, too many operations run, or the client does not read. */
type PauseReason = 'upload' | 'operations' | 'unread'

/** One WebSocket connection: its running operations and its backpressure in both directions. */
export class Connection {
  readonly id = randomUUID()
  identity: Identity | null = null
  /** Whether the last operation found that the session had ended. */
  sessionEnded = false
  /** Whether the client wants events. */
  isSubscribed = false
  /** The close code that the service sent. The socket itself reports 1006 if the client does not answer the close. */
  closeCode: number | undefined
  /** Whether the client has sent something since the last ping. */
  isAlive = true
  /** The last requested sign-in. Later operations wait for it. */
  signingIn: Promise<unknown> = Promise.resolve()
  readonly binary: BinaryReceiver
  /** Resolves when the connection is closed and no operation runs on it. */
  readonly ended: Promise<void>
  readonly #pauseReasons = new Set<PauseReason>()
  /** Frames that arrived while the connection was paused, in order. */
  #inbox: { data: Buffer; isBinary: boolean }[] = []
  #isReadingInbox = false
  /** Number of frames that arrived after the close. */
  #ignored = 0
  readonly #outbox: Outbox
  #running = 0
  #onIdle: (() => void)[] = []

  /** @param transport the network connection below the WebSocket */
  constructor(
    private readonly socket: WebSocket,
    private readonly transport: Duplex & { setTimeout?(ms: number): unknown },
    readonly client: ClientInfo,
    private readonly limits: SocketLimits,
    private readonly handlers: Handlers,
  ) {
    this.binary = new BinaryReceiver({
      limits,
      pause: () => this.#pause('upload'),
      resume: () => this.#resume('upload'),
      onUnexpectedBytes: () => handlers.onUnexpectedBytes(this),
      onOverflow: () => this.close(TOO_BIG, 'too many bytes wait to be stored'),
    })
    const closeUnread = () => this.close(POLICY_VIOLATION, 'the client does not read')
    this.#outbox = new Outbox({
      limits,
      pause: () => this.#pause('unread'),
      resume: () => this.#resume('unread'),
      onOverflow: closeUnread,
    })
    transport.on('timeout', closeUnread)
    // Not `once` of node:events: it rejects on 'error', which every malformed frame emits.
    this.ended = new Promise<void>((resolve) => socket.once('close', () => resolve())).then(() => {
      this.#stopReceiving()
      return this.whenIdle()
    })
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }

  /** Whether the connection is not being read. Pongs are not read either then. */
  get isPaused(): boolean {
    return this.#pauseReasons.size > 0
  }

  /** Handles a frame of the client. It waits while running operations or unread answers pause the connection. */
  receive(data: Buffer, isBinary: boolean): void {
    if (this.isOpen) {
      this.#inbox.push({ data, isBinary })
      this.#readInbox()
      if (this.#inbox.length > this.limits.waitingFrames)
        this.close(POLICY_VIOLATION, 'too many frames are waiting')
    } else if (++this.#ignored > this.limits.waitingFrames) this.terminate()
  }

  /** Sends a message. Resolves when it is written or the connection is lost; never rejects. */
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
    this.handlers.onError(this, error)
    this.terminate()
  }

  /** Runs an operation. If it rejects, this connection is terminated and no other. */
  async run(operation: () => Promise<void>): Promise<void> {
    this.#running++
    if (this.#running >= this.limits.operationsAtOnce) this.#pause('operations')
    try {
      await operation()
    } catch (error) {
      this.fail(error)
    }
    this.#running--
    if (this.#running < this.limits.operationsAtOnce) this.#resume('operations')
    if (this.#running === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  /** Resolves when no operation runs. */
  async whenIdle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  async ping(): Promise<void> {
    this.isAlive = false
    if (this.isOpen) await this.#outbox.send(0, (done) => this.socket.ping('', false, done))
  }

  /** Answers a ping, unless unread answers already pause the connection. */
  async pong(data: Buffer): Promise<void> {
    if (this.isOpen && !this.#pauseReasons.has('unread'))
      await this.#outbox.send(data.length, (done) => this.socket.pong(data, false, done))
  }

  /** Closes the connection. The socket is terminated if the client does not close its side within `closeMs`. */
  close(code: number, reason: string): void {
    this.#stopReceiving()
    this.closeCode ??= code
    this.socket.close(code, reason)
    // A paused socket would not receive the close frame of the client.
    this.#pauseReasons.clear()
    this.socket.resume()
  }

  terminate(): void {
    this.socket.terminate()
  }

  #stopReceiving(): void {
    this.#inbox = []
    this.transport.setTimeout?.(0)
    this.binary.fail(malformedUpload(undefined, 'The connection was closed before the upload was complete.'))
  }

  #readInbox(): void {
    if (this.#isReadingInbox) return
    this.#isReadingInbox = true
    const inbox = this.#inbox
    let handled = 0
    try {
      for (const { data, isBinary } of inbox) {
        if (!this.isOpen || this.#pauseReasons.has('operations') || this.#pauseReasons.has('unread')) break
        handled++
        this.handlers.onFrame(this, data, isBinary)
      }
    } catch (error) {
      this.fail(error)
    }
    inbox.splice(0, handled)
    this.#isReadingInbox = false
  }

  #pause(reason: PauseReason): void {
    if (!this.isOpen || this.#pauseReasons.has(reason)) return
    this.#pauseReasons.add(reason)
    this.socket.pause()
    if (reason === 'unread') this.transport.setTimeout?.(this.limits.unreadMs)
  }

  #resume(reason: PauseReason): void {
    if (!this.#pauseReasons.delete(reason)) return
    if (reason === 'unread') this.transport.setTimeout?.(0)
    this.#readInbox()
    if (this.#pauseReasons.size === 0) this.socket.resume()
  }
}

interface OutboxOptions {
  limits: Pick<SocketLimits, 'unreadBytes' | 'waitingBytes'>
  pause: () => void
  resume: () => void
  /** Called when the client has left more than `unreadBytes` unread. */
  onOverflow: () => void
}

/** Memory that a message needs besides its bytes until it is written, in bytes. */
const MESSAGE_OVERHEAD_BYTES = 512

/** Counts the bytes sent to a client (answers, errors, events, pings) that the operating system has not taken yet. */
class Outbox {
  /** In bytes, with the overhead of each message. */
  #unread = 0

  constructor(private readonly options: OutboxOptions) {}

  /** Writes a message of `bytes` bytes, or reports the overflow. Resolves when it is written or dropped. */
  async send(bytes: number, write: (done: () => void) => void): Promise<void> {
    const { limits, pause, resume, onOverflow } = this.options
    if (this.#unread > limits.unreadBytes) {
      onOverflow()
      return
    }
    const cost = bytes + MESSAGE_OVERHEAD_BYTES
    this.#unread += cost
    if (this.#unread > limits.waitingBytes) pause()
    await new Promise<void>((resolve) => write(resolve))
    this.#unread -= cost
    if (this.#unread <= limits.waitingBytes) resume()
  }
}
