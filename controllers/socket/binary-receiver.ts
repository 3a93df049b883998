import { Readable } from 'node:stream'
import { conflict, malformedUpload } from '../../app/errors.ts'
import { SpeedMonitor } from '../../app/uploads/speed-monitor.ts'
import type { SocketLimits } from './limits.ts'

interface Options {
  limits: SocketLimits
  /** Stops reading from the connection. */
  pause: () => void
  /** Reads from the connection again. */
  resume: () => void
  /** Called for the first bytes without an upload; again only after another upload was requested. */
  onUnexpectedBytes: () => void
  /** Called when more than `aheadBytes` wait to be stored. */
  onOverflow: () => void
}

/** Receives the binary frames of a connection and passes them to the running upload. */
export class BinaryReceiver {
  #body: UploadBody | null = null
  /** Bytes received without an upload. An empty frame counts as one byte. */
  #unexpectedBytes = 0

  constructor(private readonly options: Options) {}

  /** Whether an upload runs. */
  get isReceiving(): boolean {
    return this.#body !== null
  }

  /**
   * Begins an upload. Binary frames belong to it from its request on, also before it is accepted.
   *
   * @throws `conflict` if another upload runs
   */
  begin(): UploadBody {
    if (this.#body) throw conflict('This connection already has a running upload. Wait until it ends.')
    const { pause, resume, limits } = this.options
    this.#body = new UploadBody({ pause, resume }, limits)
    this.#unexpectedBytes = 0
    return this.#body
  }

  /** Ends an upload, complete or not. */
  end(body: UploadBody): void {
    body.destroy()
    if (this.#body === body) this.#body = null
  }

  receive(chunk: Buffer): void {
    const body = this.#body?.isComplete ? null : this.#body
    const { limits, onUnexpectedBytes, onOverflow } = this.options
    const waiting = (body ? body.readableLength : this.#unexpectedBytes) + chunk.length
    if (waiting > limits.aheadBytes) {
      this.fail(new Error('too many bytes wait to be stored'))
      onOverflow()
    } else if (body) body.receive(chunk)
    else {
      if (this.#unexpectedBytes === 0) onUnexpectedBytes()
      this.#unexpectedBytes += Math.max(1, chunk.length)
    }
  }

  /** Ends a running upload with an error. */
  fail(reason: Error): void {
    this.#body?.destroy(reason)
  }
}

/**
 * The bytes of one upload, as a stream for the store. While more than `pauseBytes` wait, the connection is paused:
 * a client cannot send faster than the store writes.
 */
export class UploadBody extends Readable {
  #received = 0
  /** In bytes; undefined until the upload is accepted. */
  #size: number | undefined
  #isPaused = false
  readonly #speed: SpeedMonitor

  constructor(
    private readonly connection: Pick<Options, 'pause' | 'resume'>,
    limits: Pick<SocketLimits, 'pauseBytes' | 'silenceMs' | 'windowMs' | 'bytesPerSecond'>,
  ) {
    super({ highWaterMark: limits.pauseBytes })
    this.#speed = new SpeedMonitor(limits, (error) => this.destroy(error))
    // The reader of the stream reports its errors. A refused upload has no reader, and nobody needs the error.
    this.on('error', () => undefined)
  }

  get isComplete(): boolean {
    return this.#received === this.#size
  }

  /** Accepts the upload. It ends after `size` bytes. */
  accept(size: number): void {
    if (this.destroyed) return
    this.#size = size
    if (!this.#isPaused) this.#speed.resume()
    this.#endAtSize()
  }

  receive(chunk: Buffer): void {
    if (this.destroyed) return
    this.#received += chunk.length
    this.#speed.addBytes(chunk.length)
    if (chunk.length > 0 && !this.push(chunk)) {
      this.#isPaused = true
      this.#speed.pause()
      this.connection.pause()
    }
    if (this.#size !== undefined) this.#endAtSize()
  }

  #endAtSize(): void {
    if (this.isComplete) {
      this.#speed.pause()
      this.push(null)
    } else if (this.#received > Number(this.#size))
      this.destroy(malformedUpload(undefined, 'The upload has more bytes than its `size`.'))
  }

  override _read(): void {
    this.#resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#resume()
    this.#speed.pause()
    done(error)
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    if (this.#size !== undefined && !this.isComplete) this.#speed.resume()
    this.connection.resume()
  }
}
