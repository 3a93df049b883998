import { pipeline, type Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { UploadBody } from './body.ts'
import { s3Code, translateS3Error } from './errors.ts'
import { abortUnfinished } from './unfinished.ts'

export interface Target {
  client: S3Client
  bucket: string
  key: string
  /** Milliseconds that clearing up after a failure may take. */
  patience: number
}

/** Sends a body to the bucket through the client given. */
export type Transfer = (client: S3Client, body: Readable) => Promise<unknown>

/** What an upload may have left in the bucket, by the requests that were sent for it. */
interface Traces {
  uploadId?: string | undefined
  unfinished: boolean
  object: boolean
}

interface Watch {
  body: UploadBody
  traces: Traces
  fail: (error: unknown) => void
  /** When the upload has failed. */
  failed: AbortSignal
}

/**
 * Returns a client that notes every request of one upload before it is sent, and reports a failure at once. lib-storage
 * 3.1169 reports one only when all its workers have ended (`Promise.all`), and a worker can wait for bytes that never
 * come. Its own abort is ignored: it does not cover an upload in one part
 * (https://github.com/aws/aws-sdk-js-v3/issues/5109), nor one whose creation was not answered. `discard` covers both.
 * A part that is being sent is cut off by a failure; what makes an object is not: a bucket that is slow to answer
 * could make it after `discard`.
 */
function watchClient(client: S3Client, { body, traces, fail, failed }: Watch): S3Client {
  const watch = async (command: Parameters<S3Client['send']>[0]) => {
    if (command instanceof AbortMultipartUploadCommand) return {}
    if (command instanceof CreateMultipartUploadCommand) traces.unfinished = true
    if (command instanceof PutObjectCommand || command instanceof CompleteMultipartUploadCommand)
      traces.object = true
    try {
      const output = await (command instanceof UploadPartCommand
        ? body.whileSending(() => client.send(command, { abortSignal: failed }))
        : client.send(command))
      if ('UploadId' in output) traces.uploadId = output.UploadId
      return output
    } catch (error) {
      fail(translateS3Error(error))
      throw error
    }
  }
  return Object.assign(Object.create(client), { send: watch })
}

/** Removes what a failed upload left; the answer to any of its requests may have been lost. */
async function discard({ client, bucket, key, patience }: Target, traces: Traces): Promise<void> {
  const options = { abortSignal: AbortSignal.timeout(patience) }
  const { uploadId: UploadId } = traces
  if (UploadId) {
    await client
      .send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId }), options)
      .catch((error: unknown) => {
        if (s3Code(error) !== 'NoSuchUpload') throw error
      })
  } else if (traces.unfinished) await abortUnfinished(client, bucket, { prefix: key, ...options })
  if (traces.object) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), options)
}

/**
 * Stores what a source gives, whole or not at all; answers its size. When the source fails or is destroyed, when
 * the signal comes or the bucket refuses, it rejects with that first reason, after the bucket is clear again; and
 * a refusal by the bucket destroys the source with its reason, so that whoever feeds it hears it.
 */
export async function upload(
  target: Target,
  source: Readable,
  transfer: Transfer,
  signal?: AbortSignal,
): Promise<{ size: number }> {
  const traces: Traces = { unfinished: false, object: false }
  let failure: { reason: unknown } | undefined
  const body = new UploadBody()
  const failed = new AbortController()
  const fail = (reason: unknown) => {
    failure ??= { reason }
    failed.abort()
    body.destroy(reason instanceof Error ? reason : undefined)
  }
  // It carries an end, early or not, from either stream to the other.
  pipeline(source, body, (error) => {
    if (error) fail(error)
  })
  const stop = () => fail(signal?.reason)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    if (signal?.aborted) stop()
    await transfer(watchClient(target.client, { body, traces, fail, failed: failed.signal }), body)
  } catch (error) {
    fail(error)
  } finally {
    signal?.removeEventListener('abort', stop)
  }
  if (!failure) return { size: body.passed }
  // What the bucket does not let go now, the caller's own removal or a sweep finds: the first reason counts.
  await discard(target, traces).catch(() => undefined)
  throw failure.reason
}
