import type { Request } from 'express'
import type { StorageEngine } from 'multer'
import { openFileSource } from '../file-source.ts'
import { assertKey } from '../keys.ts'
import type { EngineOptions, ObjectStore, StoredFile } from '../object-store.ts'
import { byMulterS3, byParts, MULTER_S3_MAX_BYTES } from './transfer.ts'
import { type Target, upload } from './upload.ts'

/** Where the files of uploads go. */
interface Destination extends Omit<Target, 'key'> {
  /** What every key in the bucket begins with. */
  prefix: string
}

async function storeFile(
  target: Destination,
  request: Request,
  file: Express.Multer.File,
  options: EngineOptions,
) {
  const key = assertKey(options.key(file))
  const fullKey = target.prefix + key
  const length = request.headers['content-length']
  const announced = length === undefined ? undefined : Number(length)
  const transfer =
    announced !== undefined && announced <= MULTER_S3_MAX_BYTES
      ? byMulterS3(target.bucket, fullKey, request, file)
      : byParts(target.bucket, fullKey, announced)
  const { size } = await upload({ ...target, key: fullKey }, openFileSource(file, options), transfer)
  return { key, size }
}

/**
 * Multer's way into the bucket. Beyond multer-s3 it gives the true size (which multer-s3 has only up to 5 MB),
 * leaves nothing after a failure, hears at once of one, and takes files of any announced size.
 */
export function s3Engine(
  target: Destination,
  remove: ObjectStore['remove'],
  options: EngineOptions,
): StorageEngine {
  return {
    _handleFile(request, file, callback) {
      storeFile(target, request, file, options).then(
        (stored: Partial<StoredFile>) => callback(null, stored),
        callback,
      )
    },
    _removeFile(_request, file, callback) {
      const { key } = file as StoredFile
      remove([key]).then(() => callback(null), callback)
    },
  }
}
