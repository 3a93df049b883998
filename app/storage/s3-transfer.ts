import { Upload } from '@aws-sdk/lib-storage'
import type { Request } from 'express'
import multerS3 from 'multer-s3'
import type { Transfer } from './s3-upload.ts'

const MiB = 1024 * 1024
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000
/** What S3 takes at the least, but for the last part. */
const MIN_PART_BYTES = 5 * MiB
const PART_BYTES = 8 * MiB
const CONTENT_TYPE = 'application/octet-stream'

/**
 * multer-s3 lets lib-storage send with four workers, each of which holds its last part while it waits for the next:
 * of more than four parts it keeps 25 MB for each upload in memory, lib-storage with two workers 15 MB.
 */
export const MULTER_S3_MAX_BYTES = 4 * MIN_PART_BYTES

/** By lib-storage, two parts at a time: as small as what is announced (in bytes) allows; of 8 MiB, 83 GB in all, without that. */
export const byUpload =
  (bucket: string, key: string, announced?: number): Transfer =>
  (client, body) =>
    new Upload({
      client,
      params: { Bucket: bucket, Key: key, Body: body, ContentType: CONTENT_TYPE },
      partSize:
        announced === undefined ? PART_BYTES : Math.max(MIN_PART_BYTES, Math.ceil(announced / MAX_PARTS)),
      queueSize: 2,
    }).done()

/** By multer-s3, whose content type hook takes the body in place of the file's own stream. */
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
        contentType: (_request, _file, callback) => callback(null, CONTENT_TYPE, body),
      })
      engine._handleFile(request, file, (error, stored) => (error ? reject(error) : resolve(stored)))
    })
