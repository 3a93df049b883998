import { randomBytes } from 'node:crypto'
import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { MARK, type ObjectStore } from '../../../app/storage/object-store.ts'

const GIVEN = ['S3_ENDPOINT', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const

export interface TestBucket {
  /** What the configuration needs to use it. */
  env: Record<string, string>
  remove(store: ObjectStore): Promise<void>
}

/** With S3_ENDPOINT in the environment, a bucket of one's own there; null without. */
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
