import type { StorageEngine } from 'multer'
import { fileTooLarge } from '../app/errors.ts'

/**
 * Multer storage engine that passes each file to `receive` and collects the results, in the order of the request. Multer
 * 2.5 calls back on an aborted request while files are still being stored, and reports an error only after all other
 * files have ended (https://github.com/expressjs/multer/pull/575); `idle` and `failure` make up for that.
 */
export class MulterEngine<Received> implements StorageEngine {
  /** Resolves with the error of the first file that fails. Stays pending when no file fails. */
  readonly failure: Promise<unknown>
  #files: Promise<Received>[] = []
  #fail: (error: unknown) => void = () => undefined

  constructor(private readonly receive: (file: Express.Multer.File) => Promise<Received>) {
    this.failure = new Promise((resolve) => {
      this.#fail = resolve
    })
  }

  _handleFile: StorageEngine['_handleFile'] = (_request, file, done) => {
    // busboy emits 'limit' for an oversize file and then ends the stream without an error
    file.stream.once('limit', () => file.stream.destroy(fileTooLarge()))
    const received = this.receive(file)
    this.#files.push(received)
    received.catch(this.#fail)
    received.then(() => done(null), done)
  }

  /** Does nothing: undoing the upload removes all its files together. */
  _removeFile: StorageEngine['_removeFile'] = (_request, _file, done) => done(null)

  /** Resolves with the results of all files. */
  results = (): Promise<Received[]> => Promise.all(this.#files)

  /** Resolves when no file is being stored any more. Only then can the upload be undone. */
  idle = async (): Promise<void> => void (await Promise.allSettled(this.#files))
}
