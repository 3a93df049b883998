import type { Request } from 'express'
import type { StorageEngine } from 'multer'
import type { AssetFile, AssetImage } from '../../models/asset.ts'

export type Received = { file: AssetFile } | { image: AssetImage }

/** What becomes of one file of a multipart request. */
export type Receive = (file: Express.Multer.File, request: Request) => Promise<Received>

/**
 * A Multer engine made of one function for each file. Multer 2.5 calls back on an aborted request before the engine has
 * ended, so `idle` waits for it. When one file has failed, Multer calls back only after all other files have ended
 * (https://github.com/expressjs/multer/pull/575), so `failure` reports it at once.
 */
export class UploadEngine implements StorageEngine {
  /** In the order of the request. */
  readonly received: Received[] = []
  /** Resolves with the first error of a file, or never. */
  readonly failure: Promise<unknown>
  #begun = 0
  #running = new Set<Promise<unknown>>()
  #fail: (error: unknown) => void = () => undefined

  constructor(private readonly receive: Receive) {
    this.failure = new Promise((resolve) => {
      this.#fail = resolve
    })
  }

  _handleFile(
    request: Request,
    file: Express.Multer.File,
    done: (error?: unknown, info?: object) => void,
  ): void {
    const index = this.#begun++
    const running = this.receive(file, request).then(
      (received) => {
        this.received[index] = received
        done(null, {})
      },
      (error) => {
        this.#fail(error)
        done(error)
      },
    )
    this.#running.add(running)
    running.finally(() => this.#running.delete(running))
  }

  /** What was stored goes with the whole upload. */
  _removeFile(_request: Request, _file: Express.Multer.File, done: (error: Error | null) => void): void {
    done(null)
  }

  /** Resolves when nothing is being stored any more: only then can an upload be undone. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#running])
  }
}
