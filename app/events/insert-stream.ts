import type { Logger } from 'pino'

/** As much of a change stream of the MongoDB driver as is needed here. */
export interface ChangeStreamLike {
  on(event: 'change' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
}

interface Options {
  open: () => ChangeStreamLike
  inserted: () => void
  log: Logger
}

/** Not every engine has change streams, and one that had none may have been replaced by one that has. */
const TRY_AGAIN_MS = 60_000

/** Tells at once that something was inserted, where the engine can tell; elsewhere it stays silent. */
export class InsertStream {
  #stream: ChangeStreamLike | undefined
  #tryAt = 0

  constructor(private readonly options: Options) {}

  /** Opens the stream unless it is open, or has failed a moment ago. */
  ensure(): void {
    if (this.#stream || Date.now() < this.#tryAt) return
    this.#tryAt = Date.now() + TRY_AGAIN_MS
    const { open, inserted, log } = this.options
    const stream = open()
    this.#stream = stream
    stream.on('change', inserted)
    stream.on('close', () => this.#lose(stream))
    stream.on('error', (error) => {
      log.debug({ reason: error.message }, 'the database tells of no changes; they are looked for')
      this.#lose(stream)
    })
  }

  async close(): Promise<void> {
    await this.#stream?.close()
  }

  #lose(stream: ChangeStreamLike): void {
    if (this.#stream === stream) this.#stream = undefined
  }
}
