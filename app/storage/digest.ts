import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { crc32 } from 'node:zlib'

/** The hashes of the bytes of a file. */
export interface Hashes {
  /** In lower-case hex. */
  sha256: string
  /** As a zip archive has it: CRC-32/ISO-HDLC, 0 to 4,294,967,295. */
  crc32: number
}

/** Message to the worker: the next block of the stream `id`. A message without bytes discards that stream's hash. */
export interface DigestJob {
  id: number
  /** Over a SharedArrayBuffer, so that nothing is copied between the threads. */
  bytes?: Uint8Array
  last: boolean
}

/** Reply of the worker: one block was hashed. The reply to the last block has the hashes. */
interface DigestReply {
  id: number
  hashes?: Hashes
}

/** Bytes sent to the hashing thread at once: few messages, and little memory for many concurrent uploads. */
const BLOCK_BYTES = 512 * 1024
/** Blocks of one stream: one is filled while the others are hashed. */
const BLOCKS = 3
/** Unused blocks kept for reuse: those of two streams. */
const MAX_SPARE_BLOCKS = 6

const spareBlocks: Uint8Array[] = []
const running = new Map<number, Digest>()
let worker: Worker | undefined
let lastId = 0

/**
 * Computes the hashes of a stream in a worker thread. Hashing takes as much processor time as the rest of a large upload,
 * and would delay other requests if it ran in the main thread. All streams share one worker. A stream of less than one
 * block is hashed in the main thread, because that takes less time than a message.
 *
 * Call `update` for each chunk, then `end` for the hashes, or `drop` when the stream failed.
 */
export class Digest {
  readonly #id = ++lastId
  readonly #blocks: Uint8Array[] = []
  /** Number of blocks sent to the worker. */
  #sent = 0
  /** Number of blocks that the worker has hashed. */
  #done = 0
  /** Bytes in the block that is being filled. */
  #filled = 0
  #hashes: Hashes | undefined
  #error: Error | undefined
  #wake: () => void = () => undefined

  /** Adds a chunk, which is copied. Resolves when there is room for the next one. */
  async update(chunk: Uint8Array): Promise<void> {
    for (let taken = 0; taken < chunk.length; ) {
      const part = chunk.subarray(taken, taken + BLOCK_BYTES - this.#filled)
      this.#block().set(part, this.#filled)
      this.#filled += part.length
      taken += part.length
      if (this.#filled < BLOCK_BYTES) continue
      this.#send(false)
      await this.#until(() => this.#sent - this.#done < BLOCKS)
    }
  }

  /** Returns the hashes. Nothing can be added afterwards. */
  async end(): Promise<Hashes> {
    if (this.#sent === 0) this.#hashes = hashesOf(this.#block().subarray(0, this.#filled))
    else this.#send(true)
    await this.#until(() => this.#hashes !== undefined)
    running.delete(this.#id)
    // nothing reads the blocks any more
    spareBlocks.push(...this.#blocks.slice(0, MAX_SPARE_BLOCKS - spareBlocks.length))
    return this.#hashes as Hashes
  }

  /** Discards the hashes of a stream that failed. */
  drop(): void {
    if (running.delete(this.#id)) post({ id: this.#id, last: true })
  }

  /** Handles a reply of the worker. */
  handle({ hashes }: DigestReply): void {
    this.#done += 1
    this.#hashes = hashes
    this.#wake()
  }

  /** Makes `update` and `end` reject: the worker has ended with an error. */
  fail(error: Error): void {
    this.#error = error
    this.#wake()
  }

  /** Returns the block that is being filled. */
  #block(): Uint8Array {
    const index = this.#sent % BLOCKS
    this.#blocks[index] ??= spareBlocks.pop() ?? new Uint8Array(new SharedArrayBuffer(BLOCK_BYTES))
    return this.#blocks[index]
  }

  #send(last: boolean): void {
    // a new worker does not have the earlier blocks
    if (this.#error) throw this.#error
    running.set(this.#id, this)
    post({ id: this.#id, bytes: this.#block().subarray(0, this.#filled), last })
    this.#sent += 1
    this.#filled = 0
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done()) {
      if (this.#error) throw this.#error
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

/** Returns the hashes of bytes that are all in memory. */
export const hashesOf = (bytes: Uint8Array): Hashes => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  crc32: crc32(bytes),
})

function post(job: DigestJob): void {
  worker ??= startWorker()
  worker.postMessage(job)
}

function startWorker(): Worker {
  const started = new Worker(new URL('./digest-worker.js', import.meta.url), { execArgv: [] })
  started.on('message', (reply: DigestReply) => running.get(reply.id)?.handle(reply))
  started.on('error', (error) => {
    worker = undefined
    for (const digest of running.values()) digest.fail(error)
    running.clear()
  })
  started.unref()
  return started
}
