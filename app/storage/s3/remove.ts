import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3'
import { storeUnavailable } from '../../errors.ts'
import { ObjectsNotRemoved } from '../object-store.ts'
import { withAdvice } from './advice.ts'
import { isRefusal, s3Code } from './client.ts'

/** Most keys in one request: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const KEYS_PER_REQUEST = 1000
/** Most requests at the same time that delete one object each, in a bucket that refuses DeleteObjects. */
const MAX_SINGLE_DELETES = 8

/** Deletes objects, and knows whether the bucket accepts DeleteObjects. */
export interface ObjectRemover {
  /** Deletes objects; keys without an object are ignored. Rejects if some objects could not be deleted. */
  remove(keys: readonly string[]): Promise<void>
  /** Why the bucket refuses DeleteObjects; null if it accepts it, or was not asked yet. */
  batchRefusal(): Error | null
}

/** The keys that were not deleted, with their errors. */
type Kept = [key: string, error: unknown][]

/**
 * Creates a remover. It deletes one object with DeleteObject, several with DeleteObjects. Google Cloud Storage does not
 * implement DeleteObjects, and other stores refuse the checksum that the AWS SDK sends with it (docs/stores.md). Then
 * DeleteObject takes over, for as long as the process runs.
 */
export function createRemover(client: S3Client, bucket: string): ObjectRemover {
  let refusal: Error | null = null

  async function removeOne(Key: string): Promise<Kept> {
    try {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))
    } catch (error) {
      if (s3Code(error) === 'NoSuchKey') return []
      if (!isRefusal(error)) throw error
      return [[Key, withAdvice(error)]]
    }
    return []
  }

  async function removeSingly(keys: readonly string[]): Promise<Kept> {
    const kept: Kept = []
    for (let first = 0; first < keys.length; first += MAX_SINGLE_DELETES) {
      const results = await Promise.all(keys.slice(first, first + MAX_SINGLE_DELETES).map(removeOne))
      kept.push(...results.flat())
    }
    return kept
  }

  /** Deletes singly after DeleteObjects did not. Remembers the reason if the bucket allows single deletes. */
  async function removeInstead(keys: readonly string[], reason: Error): Promise<Kept> {
    const kept = await removeSingly(keys)
    if (kept.length < keys.length) refusal = reason
    return kept
  }

  /**
   * Deletes at most `KEYS_PER_REQUEST` objects. A bucket answers 200 and names the deleted objects and those that it kept.
   * Keys that it does not name are deleted singly: something other than S3 has answered.
   */
  async function removeBatch(keys: readonly string[]): Promise<Kept> {
    if (keys.length === 1 || refusal !== null) return removeSingly(keys)
    const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: false }
    try {
      const { Deleted = [], Errors = [] } = await client.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete }),
      )
      const named = new Set([...Deleted, ...Errors].map(({ Key }) => Key))
      const others = keys.filter((key) => !named.has(key))
      const kept: Kept = Errors.filter(({ Key, Code }) => Key && Code !== 'NoSuchKey').map(
        ({ Key = '', Code, Message }) => [Key, new Error(`${Code}: ${Message}`)],
      )
      if (others.length < keys.length) return [...kept, ...(await removeSingly(others))]
      return removeInstead(keys, new Error('The bucket answers DeleteObjects without a result.'))
    } catch (error) {
      if (!isRefusal(error)) throw error
      return removeInstead(keys, error)
    }
  }

  return {
    async remove(keys) {
      const kept: Kept = []
      for (let at = 0; at < keys.length; at += KEYS_PER_REQUEST)
        kept.push(...(await removeBatch(keys.slice(at, at + KEYS_PER_REQUEST))))
      const [first] = kept
      if (first)
        throw storeUnavailable(
          new ObjectsNotRemoved(
            kept.map(([key]) => key),
            first[1],
          ),
        )
    },
    batchRefusal: () => refusal,
  }
}
