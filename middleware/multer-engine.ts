import type { StorageEngine } from 'multer'
import { fileTooLarge } from '../app/errors.ts'

/** Most files of a request that are stored at the same time. */
const MAX_STORED_AT_ONCE = 8

/** The source of a request's files. While it is held, it sends no more bytes to the parser. */
interface Source {
  hold(): void
  release(): void
}

/**
 * Multer storage engine that passes each file to `receive` and collects the results, in the order of the request. Multer
 * 2.5 calls back on an aborted request while files are still being stored, and reports an error only after all other
 * files have ended (https://github.com/expressjs/multer/pull/575); `idle` and `failure` make up for that.
 *
 * Many small files can arrive faster than they are stored. Few are stored at a time, and while files wait the source is
 * held: files that wait are complete in memory, so that they need nothing from it.
 */
export class MulterEngine<Received> implements StorageEngine {
  /** Resolves with the error of the first file that fails. Stays pending when no file fails. */
  readonly failure: Promise<unknown>
  #files: Promise<Received>[] = []
  #fail: (error: unknown) => void = () => undefined

  #running = 0
  #waiting: { start: () => void; refuse: (error: Error) => void }[] = []
  #isCancelled = false

  constructor(
    private readonly receive: (file: Express.Multer.File) => Promise<Received>,
    private readonly source: Source,
  ) {
    this.failure = new Promise((resolve) => {
      this.#fail = resolve
    })
  }

  _handleFile: StorageEngine['_handleFile'] = (_request, file, done) => {
    // busboy emits 'limit' for an oversize file and then ends the stream without an error
    file.stream.once('limit', () => file.stream.destroy(fileTooLarge()))
    const received = this.#inTurn(() => this.receive(file))
    this.#files.push(received)
    received.catch(this.#fail)
    received.then(() => done(null), done)
  }

  /** Does nothing: undoing the upload removes all its files together. */
  _removeFile: StorageEngine['_removeFile'] = (_request, _file, done) => done(null)

  /** Refuses the files that wait and all later ones. */
  cancel(): void {
    this.#isCancelled = true
    for (const { refuse } of this.#waiting.splice(0)) refuse(cancelled())
  }

  async #inTurn(store: () => Promise<Received>): Promise<Received> {
    if (this.#isCancelled) throw cancelled()
    if (this.#running < MAX_STORED_AT_ONCE) this.#running += 1
    else await this.#wait()
    try {
      return await store()
    } finally {
      this.#startNext()
    }
  }

  #wait(): Promise<void> {
    this.source.hold()
    return new Promise((start, refuse) => this.#waiting.push({ start, refuse }))
  }

  /** Gives the place of a stored file to the file that waits longest. */
  #startNext(): void {
    const next = this.#waiting.shift()
    if (next) next.start()
    else this.#running -= 1
    if (this.#waiting.length === 0) this.source.release()
  }

  /** Resolves with the results of all files. */
  results = (): Promise<Received[]> => Promise.all(this.#files)

  /** Resolves when no file is being stored any more. Only then can the upload be undone. */
  idle = async (): Promise<void> => void (await Promise.allSettled(this.#files))
}

const cancelled = () => new Error('the upload was cancelled')
