import { setTimeout as delay } from 'node:timers/promises'
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { type ObjectAddress, s3Code } from './client.ts'

/** Largest number of bytes read of a mark. Every mark that the service writes is shorter. */
const MAX_MARK_BYTES = 128
/** Time after which every process that found no mark has written one, in milliseconds. */
const SETTLE_MS = 2000

/** Returns the content of the mark, or null if there is none. */
export async function readMark(
  client: S3Client,
  address: ObjectAddress,
  abortSignal: AbortSignal,
): Promise<string | null> {
  try {
    const command = new GetObjectCommand({ ...address, Range: `bytes=0-${MAX_MARK_BYTES - 1}` })
    const { Body } = await client.send(command, { abortSignal })
    return (await Body?.transformToString()) ?? ''
  } catch (error) {
    if (s3Code(error) === 'NoSuchKey') return null
    if (s3Code(error) === 'AccessDenied' && (await isUnlisted(client, address, abortSignal))) return null
    if (s3Code(error) === 'InvalidRange') return ''
    throw error
  }
}

/**
 * Returns whether the bucket does not list an object. S3 answers AccessDenied in place of NoSuchKey to a key that can list
 * only a prefix.
 */
async function isUnlisted(client: S3Client, { Bucket, Key }: ObjectAddress, abortSignal: AbortSignal) {
  const list = new ListObjectsV2Command({ Bucket, Prefix: Key, MaxKeys: 1 })
  const found = await client.send(list, { abortSignal }).catch(() => undefined)
  return found !== undefined && !found.Contents?.some((object) => object.Key === Key)
}

/**
 * Writes the mark. Keeps an existing mark unless `replace` is set. A bucket that ignores `If-None-Match` keeps the mark
 * that was written last. In that case this call returns after concurrent writers have written their marks.
 */
export async function writeMark(
  client: S3Client,
  address: ObjectAddress,
  content: string,
  { replace }: { replace: boolean },
): Promise<void> {
  const put = (condition: { IfNoneMatch?: string }) =>
    client.send(new PutObjectCommand({ ...address, Body: content, ContentType: 'text/plain', ...condition }))
  if (replace) {
    await put({})
    return
  }
  // a bucket that supports the condition refuses the second attempt
  const outcomes = [await putIfAbsent(put), await putIfAbsent(put)]
  if (outcomes.includes('exists')) return
  if (outcomes.includes('not supported')) await put({})
  await delay(SETTLE_MS)
}

/** Writes the mark if there is none. */
async function putIfAbsent(put: (condition: { IfNoneMatch: string }) => Promise<unknown>) {
  try {
    await put({ IfNoneMatch: '*' })
    return 'written'
  } catch (error) {
    const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
    // 409: another conditional write of the same key was running
    if (status === 412 || status === 409) return 'exists'
    if (status === 501 || status === 400) return 'not supported'
    throw error
  }
}
