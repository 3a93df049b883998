import { Readable } from 'node:stream'
import { malformedUpload } from '../../app/errors.ts'
import { Pace } from '../../app/uploads/pace.ts'
import type { SocketLimits } from './limits.ts'

interface Brake {
  /** The socket is to be read no further. */
  hold(): void
  /** It may be read again. */
  release(): void
}

/**
 * The bytes of one upload between the frames of its socket and the store. While more wait than `pauseBytes` the
 * socket is held, so that a client is never faster than the bucket.
 */
export class Inflow extends Readable {
  #received = 0
  #size: number | undefined
  #held = false
  readonly #pace: Pace

  constructor(
    private readonly brake: Brake,
    limits: Pick<SocketLimits, 'pauseBytes' | 'silenceMs' | 'windowMs' | 'bytesPerSecond'>,
  ) {
    super({ highWaterMark: limits.pauseBytes })
    this.#pace = new Pace(limits, (error) => this.destroy(error))
    // Whatever befalls it reaches the upload by whoever reads it, or after it has been refused nobody.
    this.on('error', () => undefined)
  }

  get isComplete(): boolean {
    return this.#received === this.#size
  }

  /** The upload is accepted: it ends after so many bytes. */
  accept(size: number): void {
    if (this.destroyed) return
    this.#size = size
    if (!this.#held) this.#pace.release()
    this.#settle()
  }

  receive(chunk: Buffer): void {
    if (this.destroyed) return
    this.#received += chunk.length
    this.#pace.received(chunk.length)
    if (chunk.length > 0 && !this.push(chunk)) {
      this.#held = true
      this.#pace.hold()
      this.brake.hold()
    }
    if (this.#size !== undefined) this.#settle()
  }

  /** Ends with the last byte announced. */
  #settle(): void {
    if (this.isComplete) {
      this.#pace.hold()
      this.push(null)
    } else if (this.#received > Number(this.#size))
      this.destroy(malformedUpload(undefined, 'The upload has more bytes than announced.'))
  }

  override _read(): void {
    this.#release()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#release()
    this.#pace.hold()
    done(error)
  }

  #release(): void {
    if (!this.#held) return
    this.#held = false
    if (this.#size !== undefined && !this.isComplete) this.#pace.release()
    this.brake.release()
  }
}
