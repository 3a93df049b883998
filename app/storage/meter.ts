import { createHash } from 'node:crypto'
import { Transform, type TransformCallback } from 'node:stream'

/** Enough of a file to tell what it is. */
const HEAD_BYTES = 4100

interface MeterOptions {
  /** Called before each piece passes on; a rejection ends the stream. */
  take: (bytes: number) => Promise<void>
}

/** Measures a file on its way: how many bytes, their SHA-256, and the first of them. */
export class Meter extends Transform {
  size = 0
  #hash = createHash('sha256')
  #head: Buffer[] = []
  #headSize = 0

  constructor(private readonly options: MeterOptions) {
    super()
  }

  /** Once the stream has ended. */
  get sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  get head(): Buffer {
    return Buffer.concat(this.#head)
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.options.take(chunk.length).then(() => {
      this.size += chunk.length
      this.#hash.update(chunk)
      if (this.#headSize < HEAD_BYTES) {
        const part = Buffer.from(chunk.subarray(0, HEAD_BYTES - this.#headSize))
        this.#head.push(part)
        this.#headSize += part.length
      }
      callback(null, chunk)
    }, callback)
  }
}
