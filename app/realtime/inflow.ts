import { Readable } from 'node:stream'
import { malformedUpload } from '../errors.ts'
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
  #silence: NodeJS.Timeout | undefined

  constructor(
    private readonly brake: Brake,
    private readonly limits: Pick<SocketLimits, 'pauseBytes' | 'silenceMs'>,
  ) {
    super({ highWaterMark: limits.pauseBytes })
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
    this.#silence = setTimeout(() => this.#giveUp(), this.limits.silenceMs)
    this.#silence.unref()
    this.#settle()
  }

  receive(chunk: Buffer): void {
    if (this.destroyed) return
    this.#received += chunk.length
    this.#silence?.refresh()
    if (chunk.length > 0 && !this.push(chunk)) {
      this.#held = true
      this.brake.hold()
    }
    if (this.#size !== undefined) this.#settle()
  }

  /** Ends with the last byte announced. */
  #settle(): void {
    if (this.isComplete) {
      clearTimeout(this.#silence)
      this.push(null)
    } else if (this.#received > Number(this.#size))
      this.destroy(malformedUpload(undefined, 'The upload has more bytes than announced.'))
  }

  override _read(): void {
    this.#release()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#silence)
    this.#release()
    done(error)
  }

  #release(): void {
    if (!this.#held) return
    this.#held = false
    this.#silence?.refresh()
    this.brake.release()
  }

  /** Nothing came; unless nothing could come. */
  #giveUp(): void {
    if (this.#held) this.#silence?.refresh()
    else this.destroy(malformedUpload(undefined, 'The upload stopped before its end.'))
  }
}
