import { Worker } from 'node:worker_threads'

/** Message to the worker: the next block of the stream `id`. A message without bytes discards that stream's hash. */
export interface DigestJob {
  id: number
  /** Over a SharedArrayBuffer, so that nothing is copied between the threads. */
  bytes?: Uint8Array
  last: boolean
}

/** Reply of the worker: one block was hashed. The reply to the last block has the hash in hex. */
interface DigestReply {
  id: number
  sha256?: string
}

/** Bytes sent to the hashing thread at once: few messages, and little memory for many concurrent uploads. */
const BLOCK_BYTES = 256 * 1024
/** Blocks of one stream: one is filled while the others are hashed. */
const BLOCKS = 3

const running = new Map<number, Digest>()
let worker: Worker | undefined
let lastId = 0

/**
 * Computes the SHA-256 of a stream in a worker thread. Hashing takes more processor time than everything else in an
 * upload, and would delay other requests if it ran in the main thread. All streams share one worker.
 *
 * Call `update` for each chunk, then `end` for the hash, or `drop` when the stream failed.
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
  #sha256: string | undefined
  #error: Error | undefined
  #wake: () => void = () => undefined

  constructor() {
    running.set(this.#id, this)
  }

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

  /** Returns the hash in hex. Nothing can be added afterwards. */
  async end(): Promise<string> {
    this.#send(true)
    await this.#until(() => this.#sha256 !== undefined)
    running.delete(this.#id)
    return String(this.#sha256)
  }

  /** Discards the hash of a stream that failed. */
  drop(): void {
    if (running.delete(this.#id) && this.#sent > 0) post({ id: this.#id, last: true })
  }

  /** Handles a reply of the worker. */
  handle({ sha256 }: DigestReply): void {
    this.#done += 1
    this.#sha256 = sha256
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
    this.#blocks[index] ??= new Uint8Array(new SharedArrayBuffer(BLOCK_BYTES))
    return this.#blocks[index]
  }

  #send(last: boolean): void {
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
