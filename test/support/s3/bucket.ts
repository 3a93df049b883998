import { randomBytes } from 'node:crypto'
import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { MARK, type ObjectStore } from '../../../app/storage/object-store.ts'

/** Environment variables that are passed on to the service. */
const GIVEN = ['S3_ENDPOINT', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const

export interface TestBucket {
  /** Environment of a service that uses the bucket. */
  env: Record<string, string>
  /** Deletes everything that the store has in the bucket, and the bucket. */
  remove(store: ObjectStore): Promise<void>
}

/** Creates a new bucket at S3_ENDPOINT. Returns null if that variable is not set. */
export async function makeBucket(): Promise<TestBucket | null> {
  const { S3_ENDPOINT: endpoint, AWS_REGION: region = 'us-east-1' } = process.env
  if (!endpoint) return null
  const Bucket = `kura-test-${randomBytes(8).toString('hex')}`
  const client = new S3Client({ endpoint, region, forcePathStyle: true })
  await client.send(new CreateBucketCommand({ Bucket }))
  const env = GIVEN.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))
  return {
    env: { ...Object.fromEntries(env), S3_BUCKET: Bucket },
    async remove(store) {
      await store.abortUnfinished('')
      const keys: string[] = []
      for await (const { key } of store.list('')) keys.push(key)
      await store.remove(keys)
      await client.send(new DeleteObjectCommand({ Bucket, Key: MARK }))
      await client.send(new DeleteBucketCommand({ Bucket }))
      client.destroy()
    },
  }
}
