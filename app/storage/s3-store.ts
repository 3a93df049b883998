import { Readable } from 'node:stream'
import { HeadBucketCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3'
import { unavailable } from '../errors.ts'
import { assertKey, assertPrefix } from './keys.ts'
import type { ObjectStore, StoredObject } from './object-store.ts'
import { createClients, type S3StoreOptions, withDefaults } from './s3-client.ts'
import { s3Engine } from './s3-engine.ts'
import { refuse } from './s3-errors.ts'
import { objectLocks } from './s3-protect.ts'
import { readObject } from './s3-read.ts'
import { removeObjects } from './s3-remove.ts'
import { byParts } from './s3-transfer.ts'
import { abortUnfinished, listUnfinished } from './s3-unfinished.ts'
import { upload } from './s3-upload.ts'

async function* listObjects(client: S3Client, bucket: string, prefix: string): AsyncGenerator<StoredObject> {
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client },
    { Bucket: bucket, Prefix: prefix },
  )) {
    for (const { Key: key = '', Size: size = 0, LastModified: modifiedAt = new Date(0) } of Contents) {
      yield { key, size, modifiedAt }
    }
  }
}

async function checkBucket(
  client: S3Client,
  bucket: string,
  timeout: number,
  signal?: AbortSignal,
): Promise<void> {
  const limit = AbortSignal.timeout(timeout)
  try {
    const abortSignal = signal ? AbortSignal.any([signal, limit]) : limit
    await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal })
  } catch (error) {
    if (signal?.aborted) throw error
    throw unavailable(error)
  }
}

/**
 * Objects in an S3 bucket. Opening it sends nothing: `check` tells whether the bucket answers.
 * A store that says nothing is given up after `attempts` times `timeouts.idle`, and a moment between them.
 */
export async function openS3Store(options: S3StoreOptions): Promise<ObjectStore> {
  const { bucket, endpoint, region } = options
  const timeouts = withDefaults(options.timeouts)
  const { client, reader } = createClients(options, timeouts)
  const target = { client, bucket, patience: timeouts.check }
  const protect = objectLocks(client, bucket)

  const store: ObjectStore = {
    kind: 's3',
    description: `Files are kept in the bucket ${bucket} at ${endpoint ?? `AWS, ${region}`}.`,
    check: (signal) => checkBucket(client, bucket, timeouts.check, signal),
    engine: (engine) => s3Engine(target, store.remove, engine),
    async put(key, body, signal, announced) {
      const source = Buffer.isBuffer(body) ? Readable.from([body], { objectMode: false }) : body
      return upload({ ...target, key: assertKey(key) }, source, byParts(bucket, key, announced), signal)
    },
    open: async (key, range, signal) =>
      readObject(reader, { Bucket: bucket, Key: assertKey(key) }, timeouts.idle, range, signal),
    remove: async (keys) => removeObjects(client, bucket, keys.map(assertKey)).catch(refuse),
    async *list(prefix) {
      const valid = assertPrefix(prefix)
      try {
        yield* listObjects(client, bucket, valid)
      } catch (error) {
        refuse(error)
      }
    },
    async *listUnfinished(prefix) {
      const under = { prefix: assertPrefix(prefix) }
      try {
        for await (const { Key = '', Initiated = new Date(0) } of listUnfinished(client, bucket, under))
          yield { key: Key, begunAt: Initiated }
      } catch (error) {
        refuse(error)
      }
    },
    abandon: async (prefix, before) =>
      abortUnfinished(client, bucket, { prefix: assertPrefix(prefix), before }).catch(refuse),
    protect: (keys, lock) => protect(keys, lock).catch(refuse),
    async close() {
      client.destroy()
      reader.destroy()
    },
  }
  return store
}
