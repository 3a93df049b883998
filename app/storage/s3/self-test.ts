import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  ListObjectVersionsCommand,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { ObjectStore, SelfTest, SelfTestOptions } from '../object-store.ts'
import {
  cleanUp,
  commonSteps,
  deleteStep,
  PROBE,
  runSteps,
  SELF_TEST_PREFIX,
  type Step,
} from '../self-test.ts'
import { adviceFor, describeError } from './advice.ts'
import { isRefusal } from './client.ts'
import { NO_OBJECT_LOCK, type ObjectLocks } from './object-lock.ts'
import { policyFor } from './policy.ts'
import type { ObjectRemover } from './remove.ts'
import { listUnfinished } from './unfinished.ts'

/** The parts of the store that the self-test tries. */
interface Tested {
  store: ObjectStore
  client: S3Client
  bucket: string
  prefix: string
  remover: ObjectRemover
  locks: ObjectLocks
}

/** Length in bytes of an object that is sent in two parts. */
const TWO_PARTS_BYTES = 5 * 1024 * 1024 + 1

/** Tries everything that the service does with a bucket, and removes its objects again. */
export async function testBucket(tested: Tested, { thorough = false }: SelfTestOptions): Promise<SelfTest> {
  const { store, client, bucket, prefix, remover, locks } = tested
  const own = `${SELF_TEST_PREFIX}${randomUUID()}/`
  const [one = '', two = '', three = '', four = ''] = [1, 2, 3, 4].map((n) => `${own}${n}`)
  const several = [two, three]
  const steps: Step[] = [
    ...commonSteps(store, one),
    {
      name: 'upload in parts',
      ifRefused: 'failed',
      needs: 's3:PutObject',
      run: async () => {
        await uploadInParts(client, { Bucket: bucket, Key: `${prefix}${two}` })
        await store.put(three, PROBE)
        return undefined
      },
    },
    {
      name: 'list unfinished uploads',
      ifRefused: 'off',
      needs: 's3:ListBucketMultipartUploads',
      run: () => listAndAbort(client, { Bucket: bucket, Key: `${prefix}${four}` }, `${prefix}${own}`),
    },
    { name: 'object lock', ifRefused: 'off', run: () => locks.probe(`${prefix}${one}`) },
    deleteStep(store, 'delete', [one]),
    { ...deleteStep(store, 'delete several', several), run: () => deleteSeveral(store, remover, several) },
    {
      name: 'versions',
      ifRefused: 'note',
      needs: 's3:GetBucketVersioning',
      run: () => noteVersions(client, bucket),
    },
  ]
  if (thorough)
    steps.push({
      name: 'large upload',
      ifRefused: 'failed',
      run: async () => {
        await store.put(four, Readable.from([Buffer.alloc(TWO_PARTS_BYTES)], { objectMode: false }))
        await store.remove([four])
        return undefined
      },
    })
  try {
    const checks = await runSteps(steps, explainRefusal)
    const objectLock = checks.some(
      ({ name, message }) => name === 'object lock' && message !== NO_OBJECT_LOCK,
    )
    return { checks, policy: policyFor({ bucket, prefix, objectLock }, SELF_TEST_PREFIX) }
  } finally {
    await cleanUp(store, own)
    await removeVersions(client, bucket, `${prefix}${own}`)
  }
}

/** Returns the reason of a refusal: the code of the store, and what to do. */
function explainRefusal(error: unknown, needs?: string): string | undefined {
  const refusal = refusalIn(error)
  if (!refusal) return undefined
  const isDenied = refusal.name === 'AccessDenied' && needs !== undefined
  const advice = isDenied ? `The key needs the right ${needs}.` : adviceFor(refusal)
  return [describeError(refusal), ...(advice ? [advice] : [])].join(' ')
}

/** Returns the refusal of the bucket that caused an error. */
function refusalIn(error: unknown): S3ServiceException | undefined {
  for (let at = error; at instanceof Error; at = at.cause)
    if (at instanceof S3ServiceException) return isRefusal(at) ? at : undefined
  return undefined
}

/** Sends an object in one small part: the last part of an upload can be small. */
async function uploadInParts(client: S3Client, address: { Bucket: string; Key: string }): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(address))
  const part = { ...address, UploadId, PartNumber: 1 }
  const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: PROBE }))
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
  await client.send(new CompleteMultipartUploadCommand({ ...address, UploadId, MultipartUpload }))
}

/** Begins an upload, looks for it in the list of its folder and aborts it. */
async function listAndAbort(client: S3Client, address: { Bucket: string; Key: string }, prefix: string) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(address))
  try {
    for await (const { Key } of listUnfinished(client, address.Bucket, { prefix, strict: true }))
      if (Key === address.Key) return undefined
  } finally {
    await client.send(new AbortMultipartUploadCommand({ ...address, UploadId }))
  }
  return {
    outcome: 'off' as const,
    message:
      'The bucket does not list unfinished uploads by a prefix. It keeps the parts of uploads whose process died until a ' +
      'lifecycle rule of the bucket (AbortIncompleteMultipartUpload) or the store itself removes them.',
  }
}

async function deleteSeveral(store: ObjectStore, remover: ObjectRemover, keys: readonly string[]) {
  await deleteStep(store, '', keys).run()
  const refusal = remover.batchRefusal()
  if (refusal === null) return undefined
  return {
    outcome: 'off' as const,
    message: `${describeError(refusal)} The bucket refuses DeleteObjects: objects are deleted one by one.`,
  }
}

async function noteVersions(client: S3Client, bucket: string) {
  const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: bucket }))
  if (!Status) return undefined
  return {
    outcome: 'note' as const,
    message:
      'The bucket keeps versions: deleted files still use space in it until a lifecycle rule removes noncurrent ' +
      'versions and expired delete markers. The usage of users does not count them.',
  }
}

/**
 * Removes the versions of the objects under a prefix. Without the right to do so, the versions of a self-test stay: some
 * bytes. Stores without versions refuse the list.
 */
async function removeVersions(client: S3Client, bucket: string, prefix: string): Promise<void> {
  try {
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix }),
    )
    for (const { Key, VersionId } of [...Versions, ...DeleteMarkers])
      if (VersionId && VersionId !== 'null')
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }))
  } catch {
    // see above
  }
}
