import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { openDiskStore } from '../../app/storage/disk-store.ts'
import { openS3Store } from '../../app/storage/s3-store.ts'
import { startFakeS3 } from '../support/fake-s3.ts'
import { describeObjectStore } from './object-store.ts'

describeObjectStore('disk', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kura-objects-'))
  const store = await openDiskStore({ dir: join(dir, 'mounted') })
  const unreachable = await openDiskStore({ dir: join(dir, 'gone') })
  await rm(join(dir, 'gone'), { recursive: true })
  return {
    store,
    unreachable,
    async unfinished(prefix) {
      const names = await readdir(join(dir, 'mounted/.tmp'))
      return names.filter((name) => name.startsWith(prefix.replaceAll('/', '+'))).length
    },
    close: () => rm(dir, { recursive: true }),
  }
})

/** Nothing listens on port 1 of loopback. */
const unreachable = () =>
  openS3Store({
    bucket: 'none',
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    attempts: 2,
  })

describeObjectStore('S3, a fake one', async () => {
  const s3 = await startFakeS3()
  const store = await openS3Store({
    bucket: s3.name,
    endpoint: s3.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  return {
    store,
    unreachable: await unreachable(),
    unfinished: async (prefix) => [...s3.uploads.values()].filter(({ key }) => key.startsWith(prefix)).length,
    async close() {
      await store.close()
      await s3.close()
    },
  }
})

const { S3_ENDPOINT, S3_BUCKET = 'test', AWS_REGION = 'us-east-1' } = process.env
if (S3_ENDPOINT) {
  describeObjectStore('S3, a real one', async () => {
    const address = { endpoint: S3_ENDPOINT, region: AWS_REGION }
    const store = await openS3Store({ bucket: S3_BUCKET, ...address })
    const client = new S3Client({ ...address, forcePathStyle: true })
    return {
      store,
      unreachable: await unreachable(),
      async unfinished(Prefix) {
        const { Uploads = [] } = await client.send(
          new ListMultipartUploadsCommand({ Bucket: S3_BUCKET, Prefix }),
        )
        return Uploads.length
      },
      async close() {
        await store.close()
        client.destroy()
      },
    }
  })
}
