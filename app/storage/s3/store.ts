import { Readable } from 'node:stream'
import { HeadBucketCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3'
import { unavailable } from '../../errors.ts'
import { assertKey, assertPrefix } from '../keys.ts'
import { MARK, ObjectMissing, type ObjectStore, type StoredObject } from '../object-store.ts'
import { createClients, type S3StoreOptions, withDefaults } from './client.ts'
import { s3Engine } from './engine.ts'
import { refuse } from './errors.ts'
import { readMark, writeMark } from './mark.ts'
import { objectLocks } from './protect.ts'
import { readObject } from './read.ts'
import { removeObjects } from './remove.ts'
import { byParts } from './transfer.ts'
import { abortUnfinished, listUnfinished } from './unfinished.ts'
import { upload } from './upload.ts'

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

/** Does short work on the bucket within a time. @throws `unavailable` when it fails or takes longer */
async function within<T>(
  limitMs: number,
  work: (abortSignal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const limit = AbortSignal.timeout(limitMs)
  try {
    return await work(signal ? AbortSignal.any([signal, limit]) : limit)
  } catch (error) {
    if (signal?.aborted) throw error
    throw unavailable(error)
  }
}

/**
 * Objects in an S3 bucket, under a prefix or in all of it. Opening it sends nothing: `check` tells whether the bucket
 * answers. A store that says nothing is given up after `attempts` times `timeouts.idle`, and a moment between them.
 */
export async function openS3Store(options: S3StoreOptions): Promise<ObjectStore> {
  const { bucket, endpoint, region, prefix: base = '' } = options
  const timeouts = withDefaults(options.timeouts)
  const { client, reader } = createClients(options, timeouts)
  const target = { client, bucket, prefix: base, patience: timeouts.check }
  const protect = objectLocks(client, bucket)
  const fullKey = (key: string) => base + assertKey(key)
  const fullPrefix = (prefix: string) => base + assertPrefix(prefix)
  const ownKey = (key: string) => key.slice(base.length)
  const mark = { Bucket: bucket, Key: `${base}${MARK}` }

  const store: ObjectStore = {
    kind: 's3',
    description: `Files are kept in the bucket ${bucket}${base && ` under ${base}`} at ${endpoint ?? `AWS, ${region}`}.`,
    async check(signal) {
      const command = new HeadBucketCommand({ Bucket: bucket })
      await within(timeouts.check, (abortSignal) => client.send(command, { abortSignal }), signal)
    },
    freeBytes: async () => null,
    engine: (engine) => s3Engine(target, store.remove, engine),
    async put(key, body, signal, announced) {
      const source = Buffer.isBuffer(body) ? Readable.from([body], { objectMode: false }) : body
      const transfer = byParts(bucket, fullKey(key), announced)
      return upload({ ...target, key: fullKey(key) }, source, transfer, signal)
    },
    async open(key, range, signal) {
      const place = { Bucket: bucket, Key: fullKey(key) }
      return readObject(reader, place, timeouts.idle, range, signal).catch((error: unknown) => {
        throw error instanceof ObjectMissing ? new ObjectMissing(key) : error
      })
    },
    remove: async (keys) => removeObjects(client, bucket, keys.map(fullKey)).catch(refuse),
    async *list(prefix) {
      const valid = fullPrefix(prefix)
      try {
        for await (const object of listObjects(client, bucket, valid))
          if (object.key !== mark.Key) yield { ...object, key: ownKey(object.key) }
      } catch (error) {
        refuse(error)
      }
    },
    async *listUnfinished(prefix) {
      const under = { prefix: fullPrefix(prefix) }
      try {
        for await (const { Key = '', Initiated = new Date(0) } of listUnfinished(client, bucket, under))
          yield { key: ownKey(Key), begunAt: Initiated }
      } catch (error) {
        refuse(error)
      }
    },
    abortUnfinished: async (prefix, before) =>
      abortUnfinished(client, bucket, { prefix: fullPrefix(prefix), before }).catch(refuse),
    protect: async (keys, lock) => protect(keys.map(fullKey), lock).catch(refuse),
    readMark: (signal) =>
      within(timeouts.check, (abortSignal) => readMark(client, mark, abortSignal), signal),
    writeMark: (content, how) => writeMark(client, mark, content, how).catch(refuse),
    async close() {
      client.destroy()
      reader.destroy()
    },
  }
  return store
}
