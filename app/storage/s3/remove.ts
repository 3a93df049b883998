import { DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3'
import { unavailable } from '../../errors.ts'
import { ObjectsNotRemoved } from '../object-store.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const KEYS_PER_REQUEST = 1000

/** Deletes objects in as few requests as S3 allows. A bucket answers 200 even when it kept some: it names them. */
export async function removeObjects(
  client: S3Client,
  bucket: string,
  keys: readonly string[],
): Promise<void> {
  const failures = new Map<string, Error>()
  for (let at = 0; at < keys.length; at += KEYS_PER_REQUEST) {
    const Objects = keys.slice(at, at + KEYS_PER_REQUEST).map((Key) => ({ Key }))
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
    )
    for (const { Key = '', Code, Message } of Errors) {
      if (Code !== 'NoSuchKey') failures.set(Key, new Error(`${Code}: ${Message}`))
    }
  }
  const [first] = failures.values()
  if (failures.size > 0) throw unavailable(new ObjectsNotRemoved([...failures.keys()], first))
}
