import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeleteObjectCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { openDiskStore } from '../../app/storage/disk/store.ts'
import { MARK } from '../../app/storage/object-store.ts'
import { openS3Store } from '../../app/storage/s3/store.ts'
import { startFakeS3 } from '../support/s3/fake-s3.ts'
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

/** Opens a store at port 1 of loopback, where nothing listens. */
const unreachable = () =>
  openS3Store({
    bucket: 'none',
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    attempts: 2,
  })

for (const base of ['', 'team/kura/'])
  describeObjectStore(`fake S3${base && ', under a prefix'}`, async () => {
    const s3 = await startFakeS3()
    const store = await openS3Store({
      bucket: s3.name,
      prefix: base,
      endpoint: s3.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    })
    return {
      store,
      unreachable: await unreachable(),
      unfinished: async (prefix) =>
        [...s3.uploads.values()].filter(({ key }) => key.startsWith(base + prefix)).length,
      async close() {
        const keys = [...s3.objects.keys(), ...s3.calls.map(({ key }) => key).filter((key) => key !== '')]
        await store.close()
        await s3.close()
        expect(keys.filter((key) => !key.startsWith(base))).to.deep.equal([])
      },
    }
  })

const { S3_ENDPOINT, S3_BUCKET = 'test', AWS_REGION = 'us-east-1' } = process.env
if (S3_ENDPOINT) {
  describeObjectStore('real S3, under a prefix', async () => {
    const address = { endpoint: S3_ENDPOINT, region: AWS_REGION }
    const base = `contract-${randomUUID()}/`
    const store = await openS3Store({ bucket: S3_BUCKET, prefix: base, ...address })
    const client = new S3Client({ ...address, forcePathStyle: true })
    return {
      store,
      unreachable: await unreachable(),
      async unfinished(prefix) {
        const { Uploads = [] } = await client.send(
          new ListMultipartUploadsCommand({ Bucket: S3_BUCKET, Prefix: base + prefix }),
        )
        return Uploads.length
      },
      async close() {
        await client.send(new DeleteObjectCommand({ Bucket: S3_BUCKET, Key: `${base}${MARK}` }))
        await store.close()
        client.destroy()
      },
    }
  })
}
