import { MAX_MESSAGE_BYTES, MalformedMessage } from './message.ts'

const SMALLEST = 16

/** Cuts a stream of bytes into messages. Chunks are kept apart until a message is whole: each byte is copied once. */
export class Frames {
  #chunks: Buffer[] = []
  #size = 0;

  /** Takes a chunk and yields the messages it completes; throws `MalformedMessage` for an impossible length. */
  *add(chunk: Buffer): Iterable<Buffer> {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    for (;;) {
      const length = this.#nextLength()
      if (length === undefined || this.#size < length) return
      yield this.#take(length)
    }
  }

  #nextLength(): number | undefined {
    if (this.#size < 4) return undefined
    if ((this.#chunks[0]?.length ?? 0) < 4) this.#chunks = [Buffer.concat(this.#chunks)]
    const length = this.#chunks[0]?.readInt32LE(0) ?? 0
    if (length < SMALLEST || length > MAX_MESSAGE_BYTES)
      throw new MalformedMessage(`a message of ${length} bytes`)
    return length
  }

  #take(length: number): Buffer {
    const [first] = this.#chunks
    const all = first && first.length >= length ? first : Buffer.concat(this.#chunks)
    const rest = all === first ? this.#chunks.slice(1) : []
    this.#chunks = all.length > length ? [all.subarray(length), ...rest] : rest
    this.#size -= length
    return all.subarray(0, length)
  }
}
