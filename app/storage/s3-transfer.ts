import { Upload } from '@aws-sdk/lib-storage'
import type { Request } from 'express'
import multerS3 from 'multer-s3'
import type { Transfer } from './s3-upload.ts'

const MiB = 1024 * 1024
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000
const PART_BYTES = 8 * MiB
const CONTENT_TYPE = 'application/octet-stream'

/** multer-s3 takes the defaults of lib-storage, parts of 5 MiB: what does not fit in 10,000 of them it cannot store. */
export const MULTER_S3_MAX_BYTES = 5 * MiB * MAX_PARTS

/**
 * By lib-storage, two parts at a time. Parts of 8 MiB hold 83 GB, larger ones what is announced (in bytes) to be larger.
 */
export const byUpload =
  (bucket: string, key: string, announced?: number): Transfer =>
  (client, body) =>
    new Upload({
      client,
      params: { Bucket: bucket, Key: key, Body: body, ContentType: CONTENT_TYPE },
      partSize: Math.max(PART_BYTES, Math.ceil((announced ?? 0) / MAX_PARTS)),
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
