import type { Request } from 'express'
import multerS3 from 'multer-s3'
import { OBJECT_TYPE, sendInParts } from './parts.ts'
import type { Transfer } from './upload.ts'

const MiB = 1024 * 1024
/** Most parts of one multipart upload: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000
/** Smallest size of a part that S3 accepts in bytes, except for the last part. */
const MIN_PART_BYTES = 5 * MiB

/**
 * Largest request body in bytes that is sent with multer-s3: four parts. Its lib-storage sends with four workers, each
 * of which keeps its last part in memory: for larger bodies 25 MB per upload, but our own parts need only 10 MB.
 */
const MULTER_S3_MAX_BYTES = 4 * MIN_PART_BYTES

/** Sends a file of a multipart request: with multer-s3 if the body is announced and small, otherwise in our own parts. */
export function forRequest(
  bucket: string,
  key: string,
  request: Request,
  file: Express.Multer.File,
): Transfer {
  const header = request.headers['content-length']
  const announced = header === undefined ? undefined : Number(header)
  return announced !== undefined && announced <= MULTER_S3_MAX_BYTES
    ? byMulterS3(bucket, key, request, file)
    : byParts(bucket, key, announced)
}

/** Sends in the smallest parts that the announced length (bytes) allows; without a length at most 52 GB. */
export const byParts =
  (bucket: string, key: string, announced = 0): Transfer =>
  (client, body) =>
    sendInParts(
      client,
      { Bucket: bucket, Key: key },
      body,
      Math.max(MIN_PART_BYTES, Math.ceil(announced / MAX_PARTS)),
    )

/**
 * Sends with multer-s3. The third argument of its `contentType` callback replaces the file's own stream in multer-s3
 * 3.0 (`replacementStream`, https://github.com/anacronw/multer-s3/issues/154): here by the metered body.
 */
const byMulterS3 =
  (bucket: string, key: string, request: Request, file: Express.Multer.File): Transfer =>
  (client, body) =>
    new Promise((resolve, reject) => {
      const engine = multerS3({
        s3: client,
        bucket,
        key: (_request, _file, callback) => callback(null, key),
        // no ACL: buckets that do not support ACLs refuse the default, `private`
        acl: (_request, _file, callback) => callback(null, undefined),
        contentType: (_request, _file, callback) => callback(null, OBJECT_TYPE, body),
      })
      engine._handleFile(request, file, (error, stored) => (error ? reject(error) : resolve(stored)))
    })
