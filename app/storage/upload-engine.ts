import type { Request } from 'express'
import type { StorageEngine } from 'multer'
import type { AssetFile, AssetImage } from '../../models/asset.ts'

export type Received = { file: AssetFile } | { image: AssetImage }

/** Stores one file of a multipart request. */
export type Receive = (file: Express.Multer.File, request: Request) => Promise<Received>

/**
 * Multer storage engine that calls a function for each file and collects the results. It adds two things to Multer:
 * `idle`, because Multer 2.5 calls back on an aborted request while files are still being stored; and `failure`,
 * because Multer reports an error only after all other files have ended
 * (https://github.com/expressjs/multer/pull/575).
 */
export class UploadEngine implements StorageEngine {
  /** Results, in the order of the files in the request. */
  readonly received: Received[] = []
  /** Resolves with the error of the first file that fails. Stays pending when no file fails. */
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

  /** Does nothing: undoing the upload removes all its files together. */
  _removeFile(_request: Request, _file: Express.Multer.File, done: (error: Error | null) => void): void {
    done(null)
  }

  /** Resolves when no file is being stored any more. Only then can the upload be undone. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#running])
  }
}
