import type { ObjectStore } from '../../../app/storage/object-store.ts'
import type { S3StoreOptions } from '../../../app/storage/s3/client.ts'
import { openS3Store } from '../../../app/storage/s3/store.ts'
import { type FakeS3, startFakeS3 } from './fake-s3.ts'

/** Timeouts in milliseconds for tests of a bucket that does not answer: short, but enough on a busy machine. */
export const SHORT_TIMEOUTS = { idle: 1000, check: 1000 }

/** Starts a fake S3 and opens a store on it that does not retry. */
export async function openFakeS3Store(
  options: Partial<S3StoreOptions> = {},
): Promise<{ s3: FakeS3; store: ObjectStore; close: () => Promise<void> }> {
  const s3 = await startFakeS3()
  const store = await openS3Store({
    bucket: s3.name,
    endpoint: s3.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    attempts: 1,
    ...options,
  })
  const close = async () => {
    await store.close()
    await s3.close()
  }
  return { s3, store, close }
}
