import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { fileTooLarge, malformedUpload } from '../errors.ts'
import { MAX_SILENCE_MS, SPEED_WINDOW_MS, SpeedMonitor } from './speed-monitor.ts'

/** Bytes of a body that wait to be parsed before the connection is paused, and of a file that wait to be stored. */
export const WAITING_BYTES = 256 * 1024

/**
 * The body of an upload as a stream. It ends with an error when the client disconnects or is too slow, while the request
 * stays open for the answer.
 */
export abstract class RequestBody extends Readable {
  readonly #speed: SpeedMonitor
  /** The chunks of one read of the connection. Each can be a single byte, so they are taken together. */
  #chunks: Buffer[] = []
  #isHeld = false

  /** @param bytesPerSecond the lowest allowed speed */
  constructor(
    protected readonly request: IncomingMessage,
    { bytesPerSecond }: { bytesPerSecond: number },
  ) {
    super({ highWaterMark: WAITING_BYTES })
    const limits = { silenceMs: MAX_SILENCE_MS, windowMs: SPEED_WINDOW_MS, bytesPerSecond }
    this.#speed = new SpeedMonitor(limits, (error) => this.destroy(error))
    // The reader of the stream reports its errors. A refused upload has no reader yet, and its answer has the error.
    this.on('error', () => undefined)
    request.on('data', this.#receive).on('end', this.#end).on('close', this.#close)
    this.#speed.resume()
  }

  /** Takes received bytes and pushes those that the reader needs. An error ends the stream. */
  protected abstract handleBytes(bytes: Buffer): void

  /** Called when the body is complete. An error ends the stream. */
  protected abstract handleEnd(): void

  override _read(): void {
    if (this.#isHeld) return
    this.#speed.resume()
    this.request.resume()
  }

  /** Reads no more of the request. Bytes that were read already are still sent. */
  hold(): void {
    this.#isHeld = true
    this.#pause()
  }

  /** Reads on. */
  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    if (!this.destroyed && this.readableLength < this.readableHighWaterMark) this._read()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#speed.pause()
    this.request.off('data', this.#receive).off('end', this.#end).off('close', this.#close)
    this.request.pause()
    done(error)
  }

  #pause(): void {
    this.#speed.pause()
    this.request.pause()
  }

  #receive = (chunk: Buffer): void => {
    this.#speed.addBytes(chunk.length)
    if (this.#chunks.push(chunk) === 1) process.nextTick(() => this.#takeAll())
  }

  #takeAll(): void {
    const chunks = this.#chunks
    this.#chunks = []
    if (this.destroyed || chunks.length === 0) return
    this.#attempt(() => this.handleBytes(join(chunks)))
    if (this.destroyed || (!this.#isHeld && this.readableLength < this.readableHighWaterMark)) return
    this.#pause()
  }

  #end = (): void => {
    this.#takeAll()
    this.#attempt(() => {
      if (this.destroyed) return
      this.handleEnd()
      this.push(null)
    })
  }

  #close = (): void => {
    if (!this.request.readableEnded) this.destroy(clientGone())
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.destroy(error as Error)
    }
  }
}

/** The body of a request that is the bytes of one file. Ends with `too_large` after more than `maxBytes`. */
export class RawBody extends RequestBody {
  /** Number of received bytes. */
  size = 0
  readonly #maxBytes: number

  constructor(request: IncomingMessage, limits: { bytesPerSecond: number; maxBytes: number }) {
    super(request, limits)
    this.#maxBytes = limits.maxBytes
  }

  protected override handleBytes(bytes: Buffer): void {
    this.size += bytes.length
    if (this.size > this.#maxBytes) throw fileTooLarge()
    this.push(bytes)
  }

  protected override handleEnd(): void {
    // every byte was passed on
  }
}

/** Returns the error of an upload whose client disconnected. */
export const clientGone = () =>
  malformedUpload(new Error('the client disconnected before its body was read'), 'The upload is incomplete.')

/** Joins chunks. Does not copy a single one, which is the usual case. */
const join = (chunks: Buffer[]): Buffer =>
  chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
