import { pipeline, Readable, Transform } from 'node:stream'
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { unavailable } from '../../errors.ts'
import { guardStream } from '../guard-stream.ts'
import { type ByteRange, ObjectMissing } from '../object-store.ts'
import { s3Code, translateS3Error } from './errors.ts'

/**
 * Passes a download on and gives it up when nothing comes for `idle` milliseconds although the reader waits:
 * a reader who pauses, as a video player does, is no stall.
 */
export function watchReading(source: Readable, idle: number): Readable {
  const watched = new Transform({
    transform(chunk, _encoding, callback) {
      timer.refresh()
      callback(null, chunk)
    },
    // replaces `_read` of this stream, which is what asks the source for more
    read(size) {
      timer.refresh()
      Transform.prototype._read.call(this, size)
    },
  })
  const timer = setTimeout(() => {
    if (watched.readableLength > 0) timer.refresh()
    else watched.destroy(unavailable(new Error(`The bucket sent nothing for ${idle} ms.`)))
  }, idle)
  source.once('error', (error) => {
    const reason = translateS3Error(error)
    watched.destroy(reason instanceof Error ? reason : undefined)
  })
  pipeline(source, watched, () => clearTimeout(timer))
  return watched
}

function readingFailure(key: string, error: unknown): unknown {
  const code = s3Code(error)
  if (code === 'NoSuchKey') return new ObjectMissing(key)
  if (code === 'InvalidRange') return new RangeError(`outside of the object ${key}`, { cause: error })
  return translateS3Error(error)
}

/** Streams an object, whole or a range. Closing the stream lets go of the connection. */
export async function readObject(
  client: S3Client,
  { Bucket, Key }: { Bucket: string; Key: string },
  idle: number,
  range?: ByteRange,
  signal?: AbortSignal,
): Promise<Readable> {
  const command = new GetObjectCommand({
    Bucket,
    Key,
    ...(range && { Range: `bytes=${range.start}-${range.end}` }),
  })
  const { Body } = await client
    .send(command, signal && { abortSignal: signal })
    .catch((error: unknown) => Promise.reject(readingFailure(Key, error)))
  if (!(Body instanceof Readable)) throw unavailable(new Error(`The bucket sent no body for ${Key}.`))
  return guardStream(watchReading(Body, idle), signal)
}
