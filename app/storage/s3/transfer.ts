import type { Request } from 'express'
import multerS3 from 'multer-s3'
import { OBJECT_TYPE, sendInParts } from './parts.ts'
import type { Transfer } from './upload.ts'

const MiB = 1024 * 1024
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000
/** What S3 takes at the least, but for the last part. */
const MIN_PART_BYTES = 5 * MiB

/**
 * multer-s3 lets lib-storage send with four workers, each of which holds its last part while it waits for the next:
 * of more than four parts it keeps 25 MB for each upload in memory, our own parts 10 MB.
 */
export const MULTER_S3_MAX_BYTES = 4 * MIN_PART_BYTES

/** In parts as small as what is announced (in bytes) allows; 52 GB in all without that. */
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
 * Sends by multer-s3. Its `contentType` callback takes a third value, which multer-s3 3.0 sends in place of the file's
 * own stream (`replacementStream`, https://github.com/anacronw/multer-s3/issues/154): here the watched body.
 */
export const byMulterS3 =
  (bucket: string, key: string, request: Request, file: Express.Multer.File): Transfer =>
  (client, body) =>
    new Promise((resolve, reject) => {
      const engine = multerS3({
        s3: client,
        bucket,
        key: (_request, _file, callback) => callback(null, key),
        // No ACL: its default, private, is refused by buckets that take none.
        acl: (_request, _file, callback) => callback(null, undefined),
        contentType: (_request, _file, callback) => callback(null, OBJECT_TYPE, body),
      })
      engine._handleFile(request, file, (error, stored) => (error ? reject(error) : resolve(stored)))
    })
