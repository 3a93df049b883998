import { finished, type Readable } from 'node:stream'
import type { Request } from 'express'
import type { StorageEngine } from 'multer'
import { fileTooLarge } from '../errors.ts'
import type { EngineOptions, ObjectStore, StoredFile } from './object-store.ts'

interface EngineStore {
  /** Stores the body of one file of a multipart request. */
  put(key: string, body: Readable, request: Request, file: Express.Multer.File): Promise<{ size: number }>
  remove: ObjectStore['remove']
}

/**
 * Creates the Multer storage engine of a store. Multer's own disk engine and multer-s3 used directly do less: the
 * former does not sync and shows incomplete files under their final names, the latter reports no size over 5 MB and
 * leaves parts in the bucket after an error.
 */
export function createMulterEngine(options: EngineOptions, store: EngineStore): StorageEngine {
  const storeFile = async (request: Request, file: Express.Multer.File): Promise<Partial<StoredFile>> => {
    const key = options.key(file)
    const { size } = await store.put(key, meteredBody(file, options), request, file)
    return { key, size }
  }
  return {
    _handleFile(request, file, callback) {
      storeFile(request, file).then((stored) => callback(null, stored), callback)
    },
    _removeFile(_request, file, callback) {
      const { key } = file as StoredFile
      store.remove([key]).then(() => callback(null), callback)
    },
  }
}

/**
 * Pipes a file of a multipart request through the meter. A client that disconnects, a truncated body and Multer's size
 * limit destroy the stream with an error, so that a store never keeps an incomplete file.
 */
function meteredBody(file: Express.Multer.File, { meter }: EngineOptions): Readable {
  const metered = meter(file)
  finished(file.stream, { writable: false }, (error) => {
    if (error) metered.destroy(error)
  })
  // busboy emits 'limit' for an oversize file and then ends the stream without an error
  file.stream.once('limit', () => metered.destroy(fileTooLarge()))
  return metered
}
