import { Transform, type TransformCallback } from 'node:stream'

const PARTS_AT_ONCE = 2

/**
 * The bytes of one upload on their way to the bucket: counted, and held back while two parts are being sent.
 * Left alone, multer-s3 sends four at once, and keeps as much of every upload in memory.
 */
export class UploadBody extends Transform {
  /** Bytes so far. Not `size`, which lib-storage would take for the length of the whole. */
  passed = 0
  #sending = 0
  #resume: (() => void) | undefined

  async whileSending<T>(send: () => Promise<T>): Promise<T> {
    this.#sending++
    try {
      return await send()
    } finally {
      this.#sending--
      this.#resume?.()
      this.#resume = undefined
    }
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.passed += chunk.length
    const pass = () => callback(null, chunk)
    if (this.#sending < PARTS_AT_ONCE) pass()
    else this.#resume = pass
  }
}
