import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { PutOptions } from '../object-store.ts'
import { s3Code, translateS3Error } from './client.ts'
import { CONCURRENT_PARTS } from './parts.ts'
import { abortUnfinished } from './unfinished.ts'

export interface Target {
  client: S3Client
  bucket: string
  key: string
  /** Time limit of the cleanup after a failed upload in milliseconds. */
  cleanupTimeout: number
}

/** Sends a body to the bucket with the given client. */
export type Transfer = (client: S3Client, body: Readable) => Promise<unknown>

/** Requests sent for one upload. They determine what to remove from the bucket after an error. */
interface SentRequests {
  /** A multipart upload was requested. */
  multipart: boolean
  /** Id of the multipart upload, if the bucket has answered. */
  uploadId?: string | undefined
  /** A request that makes the object visible was sent. */
  object: boolean
}

/**
 * Stores the bytes of a source completely or not at all. Returns their number. Rejects with the first error: of the
 * source, of the bucket, or the reason of the signal. Cleans up the bucket before it rejects. An error of the bucket
 * destroys the source too, so that the sender gets the reason.
 */
export async function upload(
  target: Target,
  source: Readable,
  transfer: Transfer,
  { signal, onChunk }: PutOptions = {},
): Promise<{ size: number }> {
  const sent: SentRequests = { multipart: false, object: false }
  let failure: { reason: unknown } | undefined
  const body = new UploadBody(onChunk)
  const failed = new AbortController()
  const fail = (reason: unknown) => {
    failure ??= { reason }
    failed.abort()
    body.destroy(reason instanceof Error ? reason : undefined)
  }
  // destroys each of the two streams when the other one fails or closes early
  pipeline(source, body, (error) => {
    if (error) fail(error)
  })
  const stop = () => fail(signal?.reason)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    if (signal?.aborted) stop()
    await transfer(watchClient(target.client, { body, sent, fail, failed: failed.signal }), body)
  } catch (error) {
    fail(error)
  } finally {
    signal?.removeEventListener('abort', stop)
  }
  if (!failure) return { size: body.passed }
  // the first error is reported; the caller or the sweep repeats a cleanup that fails
  await discard(target, sent).catch(() => undefined)
  throw failure.reason
}

/**
 * Passes the bytes of one upload to the bucket and counts them. Stops while two parts are being sent: multer-s3 would
 * otherwise send four at once and keep them all in memory.
 */
export class UploadBody extends Transform {
  /**
   * Number of bytes passed on so far. Not named `size`, because lib-storage reads `size` as the length of the whole
   * body.
   */
  passed = 0
  #sending = 0
  #resume: (() => void) | undefined

  constructor(private readonly onChunk: PutOptions['onChunk'] = undefined) {
    super()
  }

  /** Counts a part as being sent until `send` settles. */
  async whileSending<T>(send: () => Promise<T>): Promise<T> {
    this.#sending++
    try {
      return await send()
    } finally {
      this.#sending--
      this.#resume?.()
      this.#resume = undefined
    }
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    const pass = () => {
      this.passed += chunk.length
      callback(null, chunk)
    }
    const passWhenReady = () => {
      if (this.#sending < CONCURRENT_PARTS) pass()
      else this.#resume = pass
    }
    if (this.onChunk) this.onChunk(chunk).then(passWhenReady, callback)
    else passWhenReady()
  }
}

interface Watch {
  body: UploadBody
  sent: SentRequests
  fail: (error: unknown) => void
  /** Aborted when the upload has failed. */
  failed: AbortSignal
}

/**
 * Returns a client that records the requests of one upload before it sends them, and reports an error at once.
 * lib-storage 3.1169 reports an error only when all its workers have ended (`Promise.all`), and a worker can wait for
 * bytes that never come.
 *
 * Ignores the abort of lib-storage, because `discard` does more: lib-storage does not clean up an upload in one part
 * (https://github.com/aws/aws-sdk-js-v3/issues/5109) or one whose creation was not answered.
 *
 * A failure cancels the parts that are being sent, but not a request that makes the object visible: a slow bucket
 * could carry it out after `discard`.
 */
function watchClient(client: S3Client, { body, sent, fail, failed }: Watch): S3Client {
  const send = async (command: Parameters<S3Client['send']>[0]) => {
    if (command instanceof AbortMultipartUploadCommand) return {}
    if (command instanceof CreateMultipartUploadCommand) sent.multipart = true
    if (command instanceof PutObjectCommand || command instanceof CompleteMultipartUploadCommand)
      sent.object = true
    try {
      const output = await (command instanceof UploadPartCommand
        ? body.whileSending(() => client.send(command, { abortSignal: failed }))
        : client.send(command))
      if ('UploadId' in output) sent.uploadId = output.UploadId
      return output
    } catch (error) {
      fail(translateS3Error(error))
      throw error
    }
  }
  return Object.assign(Object.create(client), { send })
}

/** Removes everything that a failed upload can have left in the bucket, because any response can have been lost. */
async function discard({ client, bucket, key, cleanupTimeout }: Target, sent: SentRequests): Promise<void> {
  const options = { abortSignal: AbortSignal.timeout(cleanupTimeout) }
  const { uploadId: UploadId } = sent
  if (UploadId) {
    await client
      .send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId }), options)
      .catch((error: unknown) => {
        if (s3Code(error) !== 'NoSuchUpload') throw error
      })
  } else if (sent.multipart) await abortUnfinished(client, bucket, { prefix: key, ...options })
  if (sent.object) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), options)
}
