import { pipeline, Readable, Transform } from 'node:stream'
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3'
import { storeUnavailable } from '../../errors.ts'
import { guardStream } from '../guard-stream.ts'
import { type ByteRange, ObjectMissing, type StoredObject } from '../object-store.ts'
import { type ObjectAddress, s3Code, translateS3Error } from './client.ts'

/**
 * Opens an object, or a range of it, as a stream. Destroying the stream closes the connection.
 *
 * @param idleMs how long the bucket can send nothing while the reader waits
 * @throws ObjectMissing
 * @throws RangeError when the range starts after the last byte
 * @throws storeUnavailable
 */
export async function readObject(
  client: S3Client,
  address: ObjectAddress,
  idleMs: number,
  range?: ByteRange,
  signal?: AbortSignal,
): Promise<Readable> {
  const command = new GetObjectCommand({
    ...address,
    ...(range && { Range: `bytes=${range.start}-${range.end}` }),
  })
  const { Body } = await client
    .send(command, signal && { abortSignal: signal })
    .catch((error: unknown) => Promise.reject(translateReadError(address.Key, error)))
  if (!(Body instanceof Readable))
    throw storeUnavailable(new Error(`The bucket sent no body for ${address.Key}.`))
  return guardStream(withIdleTimeout(Body, idleMs), signal)
}

function translateReadError(key: string, error: unknown): unknown {
  const code = s3Code(error)
  if (code === 'NoSuchKey') return new ObjectMissing(key)
  if (code === 'InvalidRange') return new RangeError(`outside of the object ${key}`, { cause: error })
  return translateS3Error(error)
}

/**
 * Passes a download through and destroys it with `storeUnavailable` when the source sends nothing for `idleMs` milliseconds
 * while the reader waits. A reader that pauses, such as a video player, causes no timeout.
 */
export function withIdleTimeout(source: Readable, idleMs: number): Readable {
  const passed = new Transform({
    transform(chunk, _encoding, callback) {
      timer.refresh()
      callback(null, chunk)
    },
    // overrides `_read`, which is called when the reader wants more
    read(size) {
      timer.refresh()
      Transform.prototype._read.call(this, size)
    },
  })
  const timer = setTimeout(() => {
    if (passed.readableLength > 0) timer.refresh()
    else
      passed.destroy(
        storeUnavailable(
          new Error(`The bucket sent nothing for ${idleMs} ms.`),
          'The store does not answer in time (no bytes of a download).',
        ),
      )
  }, idleMs)
  source.once('error', (error) => {
    const reason = translateS3Error(error)
    passed.destroy(reason instanceof Error ? reason : undefined)
  })
  pipeline(source, passed, () => clearTimeout(timer))
  return passed
}

/** Lists the objects whose keys begin with a prefix. */
export async function* listObjects(
  client: S3Client,
  bucket: string,
  prefix: string,
): AsyncGenerator<StoredObject> {
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client },
    { Bucket: bucket, Prefix: prefix },
  )) {
    for (const { Key: key = '', Size: size = 0, LastModified: modifiedAt = new Date(0) } of Contents) {
      yield { key, size, modifiedAt }
    }
  }
}
