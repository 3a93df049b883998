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
 * Largest length in bytes of a body that is sent with multer-s3: four parts. Its lib-storage sends with four workers,
 * each of which keeps its last part in memory: for larger bodies 25 MB per upload, but our own parts need only 10 MB.
 */
const MULTER_S3_MAX_BYTES = 4 * MIN_PART_BYTES

/**
 * Chooses how to send a body: with multer-s3 if it is known to be small, otherwise in parts of our own.
 *
 * @param maxBytes the largest possible length of the body; undefined if unknown
 */
export const transferOf = (bucket: string, key: string, maxBytes: number | undefined): Transfer =>
  maxBytes !== undefined && maxBytes <= MULTER_S3_MAX_BYTES
    ? byMulterS3(bucket, key)
    : byParts(bucket, key, maxBytes)

/** Sends in the smallest parts that the length (bytes) allows; without a length at most 52 GB. */
const byParts =
  (bucket: string, key: string, maxBytes = 0): Transfer =>
  (client, body) =>
    sendInParts(
      client,
      { Bucket: bucket, Key: key },
      body,
      Math.max(MIN_PART_BYTES, Math.ceil(maxBytes / MAX_PARTS)),
    )

/**
 * Sends with multer-s3, the Multer storage engine of buckets. The store calls it after the bytes were counted, so it gets
 * a body in place of the file of a request. Its own `size` is not used: it is 0 for files over 5 MB.
 */
const byMulterS3 =
  (bucket: string, key: string): Transfer =>
  (client, body) =>
    new Promise((resolve, reject) => {
      const engine = multerS3({
        s3: client,
        bucket,
        key: (_request, _file, callback) => callback(null, key),
        // no ACL: buckets that do not support ACLs refuse the default, `private`
        acl: (_request, _file, callback) => callback(null, undefined),
        contentType: (_request, _file, callback) => callback(null, OBJECT_TYPE),
      })
      const file = { stream: body } as unknown as Express.Multer.File
      engine._handleFile({} as Request, file, (error, stored) => (error ? reject(error) : resolve(stored)))
    })
