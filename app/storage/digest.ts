import { Worker } from 'node:worker_threads'

/** The next bytes of the stream `id`, in shared memory; without any the stream is forgotten. */
export interface DigestJob {
  id: number
  bytes?: Uint8Array
  last: boolean
}

/** That a block is done, and the hex digest after the last one. */
interface DigestAnswer {
  id: number
  sha256?: string
}

/** Large enough for messages to cost little, small enough for many uploads at once. */
const BLOCK_BYTES = 256 * 1024
/** One is filled while the others are on their way. */
const BLOCKS = 3

const running = new Map<number, Digest>()
let worker: Worker | undefined
let lastId = 0

/**
 * The SHA-256 of a stream, reckoned in a thread of its own: it takes more time than all else that an upload
 * needs of the processor, and the thread that answers requests has none to spare.
 */
export class Digest {
  readonly #id = ++lastId
  readonly #blocks: Uint8Array[] = []
  /** Blocks sent, and of these the ones done, in order. */
  #sent = 0
  #done = 0
  #filled = 0
  #sha256: string | undefined
  #failure: Error | undefined
  #wake: () => void = () => undefined

  constructor() {
    running.set(this.#id, this)
  }

  /** Takes a piece; resolves when there is room for the next. */
  async update(piece: Uint8Array): Promise<void> {
    for (let taken = 0; taken < piece.length; ) {
      const part = piece.subarray(taken, taken + BLOCK_BYTES - this.#filled)
      this.#block().set(part, this.#filled)
      this.#filled += part.length
      taken += part.length
      if (this.#filled < BLOCK_BYTES) continue
      this.#send(false)
      await this.#until(() => this.#sent - this.#done < BLOCKS)
    }
  }

  /** The digest in hex; nothing can be added any more. */
  async end(): Promise<string> {
    this.#send(true)
    await this.#until(() => this.#sha256 !== undefined)
    running.delete(this.#id)
    return String(this.#sha256)
  }

  /** Forgets a stream that has broken off. */
  drop(): void {
    if (running.delete(this.#id) && this.#sent > 0) post({ id: this.#id, last: true })
  }

  answer({ sha256 }: DigestAnswer): void {
    this.#done += 1
    this.#sha256 = sha256
    this.#wake()
  }

  fail(error: Error): void {
    this.#failure = error
    this.#wake()
  }

  /** The one that is being filled. */
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
      if (this.#failure) throw this.#failure
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

function post(job: DigestJob): void {
  worker ??= start()
  worker.postMessage(job)
}

function start(): Worker {
  const started = new Worker(new URL('./digest-worker.js', import.meta.url), { execArgv: [] })
  started.on('message', (answer: DigestAnswer) => running.get(answer.id)?.answer(answer))
  started.on('error', (error) => {
    worker = undefined
    for (const digest of running.values()) digest.fail(error)
    running.clear()
  })
  started.unref()
  return started
}
