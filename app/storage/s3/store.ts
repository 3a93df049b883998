import { Readable } from 'node:stream'
import { HeadBucketCommand, S3ServiceException } from '@aws-sdk/client-s3'
import { storeUnavailable } from '../../errors.ts'
import { assertKey, assertPrefix } from '../keys.ts'
import { MARK, ObjectMissing, type ObjectStore } from '../object-store.ts'
import { withAdvice } from './advice.ts'
import { createClients, isRefusal, rethrow, type S3StoreOptions, withDefaults } from './client.ts'
import { storeFault } from './faults.ts'
import { readMark, writeMark } from './mark.ts'
import { createObjectLocks } from './object-lock.ts'
import { listObjects, readObject } from './objects.ts'
import { createRemover } from './remove.ts'
import { testBucket } from './self-test.ts'
import { transferOf } from './transfer.ts'
import { abortUnfinished, listUnfinished } from './unfinished.ts'
import { upload } from './upload.ts'

/**
 * Runs requests to the bucket within a time limit.
 *
 * @throws storeUnavailable when they fail or take longer
 */
async function withTimeout<T>(
  limitMs: number,
  work: (abortSignal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const limit = AbortSignal.timeout(limitMs)
  try {
    return await work(signal ? AbortSignal.any([signal, limit]) : limit)
  } catch (error) {
    if (signal?.aborted) throw error
    throw storeUnavailable(withAdvice(error), storeFault(error))
  }
}

/**
 * Opens a store that keeps its objects in an S3 bucket, under a prefix or in the whole bucket. Sends no request:
 * `check` tests whether the bucket answers. A bucket that does not answer fails a call after `attempts` times
 * `timeouts.idle` and the delays between the attempts.
 */
export async function openS3Store(options: S3StoreOptions): Promise<ObjectStore> {
  const { bucket, endpoint, region, prefix: base = '' } = options
  const timeouts = withDefaults(options.timeouts)
  const { client, reader } = createClients(options, timeouts)
  const target = { client, bucket, cleanupTimeout: timeouts.cleanup }
  const locks = createObjectLocks(client, bucket)
  const remover = createRemover(client, bucket)
  const fullKey = (key: string) => base + assertKey(key)
  const fullPrefix = (prefix: string) => base + assertPrefix(prefix)
  const ownKey = (key: string) => key.slice(base.length)
  const mark = { Bucket: bucket, Key: `${base}${MARK}` }
  let hasHead = true

  /**
   * Checks that the bucket answers. A key that is limited to a prefix is not allowed to use HeadBucket, and an error
   * answer to it has no body with a reason. Reading the mark then shows whether the bucket can be used.
   */
  async function checkBucket(abortSignal: AbortSignal): Promise<void> {
    let refusal: unknown
    try {
      if (hasHead) {
        await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal })
        return
      }
    } catch (error) {
      if (!(error instanceof S3ServiceException)) throw error
      refusal = error
    }
    await readMark(client, mark, abortSignal).catch((error: unknown) => {
      throw refusal && abortSignal.aborted ? refusal : error
    })
    if (isRefusal(refusal)) hasHead = false
  }

  const store: ObjectStore = {
    kind: 's3',
    description: `Files are kept in the bucket ${bucket}${base && ` under ${base}`} at ${endpoint?.replace(/\/\/[^/]*@/, '//') ?? `AWS, ${region}`}.`,
    check: (signal) => withTimeout(timeouts.check, checkBucket, signal),
    freeBytes: async () => null,
    async put(ownKey, body, { maxBytes, ...options } = {}) {
      const key = fullKey(ownKey)
      const [source, length] = Buffer.isBuffer(body)
        ? [Readable.from([body], { objectMode: false }), body.length]
        : [body, maxBytes]
      return upload({ ...target, key }, source, transferOf(bucket, key, length), options)
    },
    async open(key, range, signal) {
      const address = { Bucket: bucket, Key: fullKey(key) }
      return readObject(reader, address, timeouts.idle, range, signal).catch((error: unknown) => {
        throw error instanceof ObjectMissing ? new ObjectMissing(key) : error
      })
    },
    remove: async (keys) => remover.remove(keys.map(fullKey)).catch(rethrow),
    async *list(prefix) {
      const valid = fullPrefix(prefix)
      try {
        for await (const object of listObjects(client, bucket, valid))
          if (object.key !== mark.Key) yield { ...object, key: ownKey(object.key) }
      } catch (error) {
        rethrow(error)
      }
    },
    async *listUnfinished(prefix) {
      const under = { prefix: fullPrefix(prefix) }
      try {
        for await (const { Key = '', Initiated = new Date(0) } of listUnfinished(client, bucket, under))
          yield { key: ownKey(Key), begunAt: Initiated }
      } catch (error) {
        rethrow(error)
      }
    },
    abortUnfinished: async (prefix, before) =>
      abortUnfinished(client, bucket, { prefix: fullPrefix(prefix), before }).catch(rethrow),
    protect: async (keys, lock) => locks.set(keys.map(fullKey), lock).catch(rethrow),
    readMark: (signal) =>
      withTimeout(timeouts.check, (abortSignal) => readMark(client, mark, abortSignal), signal),
    selfTest(options = {}) {
      return testBucket({ store, client, bucket, prefix: base, remover, locks }, options).catch(rethrow)
    },
    writeMark: (content, how) => writeMark(client, mark, content, how).catch(rethrow),
    async close() {
      client.destroy()
      reader.destroy()
    },
  }
  return store
}
