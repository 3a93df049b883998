import { setTimeout as delay } from 'node:timers/promises'
import { GetObjectCommand, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { s3Code } from './errors.ts'

interface Place {
  Bucket: string
  Key: string
}

/** Bytes read of a mark; what is longer was not written by us. */
const MAX_MARK_BYTES = 128
/** Milliseconds after which everybody who saw a bucket without a mark has written theirs. */
const SETTLE_MS = 2000

/** Returns the content of the mark, or null when there is none. */
export async function readMark(
  client: S3Client,
  place: Place,
  abortSignal: AbortSignal,
): Promise<string | null> {
  try {
    const command = new GetObjectCommand({ ...place, Range: `bytes=0-${MAX_MARK_BYTES - 1}` })
    const { Body } = await client.send(command, { abortSignal })
    return (await Body?.transformToString()) ?? ''
  } catch (error) {
    if (s3Code(error) === 'NoSuchKey') return null
    if (s3Code(error) === 'InvalidRange') return ''
    throw error
  }
}

/**
 * Writes the mark: over the present one, or only where there is none. Buckets that ignore `If-None-Match` keep the
 * last one written; then it returns when others that were writing at the same time have written theirs.
 */
export async function writeMark(
  client: S3Client,
  place: Place,
  content: string,
  { replace }: { replace: boolean },
): Promise<void> {
  const put = (condition: { IfNoneMatch?: string }) =>
    client.send(new PutObjectCommand({ ...place, Body: content, ContentType: 'text/plain', ...condition }))
  if (replace) {
    await put({})
    return
  }
  const outcomes = [await tryNew(put), await tryNew(put)]
  if (outcomes.includes('exists')) return
  if (outcomes.includes('not supported')) await put({})
  await delay(SETTLE_MS)
}

/** Puts the mark if there is none. A bucket that honours the condition refuses the second time. */
async function tryNew(put: (condition: { IfNoneMatch: string }) => Promise<unknown>) {
  try {
    await put({ IfNoneMatch: '*' })
    return 'written'
  } catch (error) {
    const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
    // 409: another conditional write of the same key was under way.
    if (status === 412 || status === 409) return 'exists'
    if (status === 501 || status === 400) return 'not supported'
    throw error
  }
}
