import { Transform, type TransformCallback } from 'node:stream'
import { Digest } from './digest.ts'

/** Number of bytes kept from the beginning of a file, to detect its content type. */
const HEAD_BYTES = 4100

interface MeterOptions {
  /** Called with the size of each chunk before the chunk is passed on. A rejection destroys the stream. */
  take: (bytes: number) => Promise<void>
}

/** Passes the bytes of a file through unchanged. Records their number, their SHA-256 and the first 4,100 bytes. */
export class Meter extends Transform {
  size = 0
  /** Lower-case hex; set when the stream has ended. */
  sha256 = ''
  #digest = new Digest()
  #head: Buffer[] = []
  #headSize = 0

  constructor(private readonly options: MeterOptions) {
    super()
  }

  /** The first bytes of the file, at most 4,100. */
  get head(): Buffer {
    return Buffer.concat(this.#head)
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#measure(chunk).then(() => callback(null, chunk), callback)
  }

  override _flush(callback: TransformCallback): void {
    this.#digest.end().then((sha256) => {
      this.sha256 = sha256
      callback()
    }, callback)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#digest.drop()
    callback(error)
  }

  async #measure(chunk: Buffer): Promise<void> {
    await this.options.take(chunk.length)
    this.size += chunk.length
    if (this.#headSize < HEAD_BYTES) {
      const part = Buffer.from(chunk.subarray(0, HEAD_BYTES - this.#headSize))
      this.#head.push(part)
      this.#headSize += part.length
    }
    await this.#digest.update(chunk)
  }
}
