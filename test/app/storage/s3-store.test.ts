import { randomBytes } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { expect } from 'chai'
import type { ObjectStore } from '../../../app/storage/object-store.ts'
import { eventually } from '../../support/eventually.ts'
import type { FakeS3 } from '../../support/s3/fake-s3.ts'
import { openFakeS3Store } from '../../support/s3/fake-s3-store.ts'
import { keysIn } from '../../support/s3/object-stores.ts'

const MiB = 1024 * 1024
const small = Buffer.from('0123456789')

describe('S3 store', () => {
  let s3: FakeS3
  let store: ObjectStore
  let close: () => Promise<void>

  beforeEach(async () => {
    ;({ s3, store, close } = await openFakeS3Store())
  })
  afterEach(() => close())

  const sizesOf = (operation: string) =>
    s3.calls.filter((call) => call.operation === operation).map(({ bytes }) => bytes)

  /** Stores bytes as a stream whose length is unknown or limited. */
  function stream(bytes: Buffer, maxBytes?: number): Promise<{ size: number }> {
    const body = new PassThrough()
    const stored = store.put('a/b/file', body, { maxBytes })
    body.end(bytes)
    return stored
  }

  it('openS3Store – no call yet → bucket named, nothing sent', () => {
    expect(store.kind).to.equal('s3')
    expect(store.description).to.equal(`Files are kept in the bucket ${s3.name} at ${s3.endpoint}.`)
    expect(s3.calls).to.deep.equal([])
  })

  it('put – small object → one request; larger → parts of 5 MiB', async () => {
    await store.put('a/b/large', Buffer.alloc(12 * MiB))
    expect(sizesOf('UploadPart')).to.have.members([5 * MiB, 5 * MiB, 2 * MiB])
    await store.put('a/b/small', small)
    expect(sizesOf('PutObject')).to.deep.equal([small.length])
  })

  const bodies: [string, number | undefined, number][] = [
    ['up to 20 MiB', 20 * MiB, 5 * MiB],
    ['of unknown length', undefined, 5 * MiB],
    ['over 20 MiB', 20 * MiB + 1, 5 * MiB],
    ['of 120,000 MiB', 120_000 * MiB, 12 * MiB],
  ]
  for (const [what, announced, part] of bodies) {
    it(`put – stream ${what} → parts of ${part / MiB} MiB`, async () => {
      const bytes = Buffer.alloc(2 * part + 1)
      expect(await stream(bytes, announced)).to.deep.equal({ size: bytes.length })
      expect(sizesOf('UploadPart')).to.have.members([part, part, 1])
      expect(s3.objects.get('a/b/file')?.bytes.length).to.equal(bytes.length)
    })
  }

  it('put – several at once → not mixed, buffers reused', async () => {
    for (const round of [1, 2]) {
      const sent = Array.from({ length: 3 }, (_, n) => ({
        key: `a/${round}/${n}`,
        bytes: randomBytes(11 * MiB + n),
      }))
      await Promise.all(sent.map(({ key, bytes }) => store.put(key, Readable.from([bytes]))))
      for (const { key, bytes } of sent) expect(s3.objects.get(key)?.bytes.equals(bytes)).to.equal(true)
    }
  })

  it('put – any object → no ACL, no content type of the client', async () => {
    await stream(small, 1000)
    const [call] = s3.calls
    expect(call?.headers).to.include({ 'content-type': 'application/octet-stream' })
    expect(call?.headers).not.to.have.property('x-amz-acl')
  })

  it('put – checksum setting → sent, or only where required', async () => {
    await store.put('a/b/1', small)
    expect(s3.calls[0]?.headers).to.have.property('x-amz-checksum-crc32')
    const plain = await openFakeS3Store({ checksums: 'when_required' })
    await plain.store.put('a/b/1', small)
    expect(plain.s3.calls[0]?.headers).not.to.have.property('x-amz-checksum-crc32')
    await plain.close()
  })

  it('remove – many objects → 1,000 in each request', async () => {
    const keys = Array.from({ length: 2500 }, (_, n) => `a/b/${n}`)
    for (const key of keys) s3.put(key, small)
    await store.remove(keys)
    expect(s3.count('DeleteObjects')).to.equal(3)
    expect(s3.objects.size).to.equal(0)
  })

  it('list – many objects → page by page', async () => {
    s3.pageSize = 3
    for (let n = 0; n < 10; n++) s3.put(`a/b/${n}`, small)
    expect(await keysIn(store, 'a/')).to.have.length(10)
    expect(s3.count('ListObjectsV2')).to.equal(4)
  })

  it('abortUnfinished – many uploads → page by page', async () => {
    s3.pageSize = 2
    for (const key of ['a/1', 'a/1', 'a/1', 'a/2', 'a/3', 'b/1']) s3.begin(key)
    expect(await store.abortUnfinished('a/')).to.equal(5)
    expect([...s3.uploads.values()].map(({ key }) => key)).to.deep.equal(['b/1'])
  })

  it('abortUnfinished – upload ends meanwhile → not counted', async () => {
    s3.begin('a/1')
    s3.fault = ({ operation }) => {
      if (operation === 'AbortMultipartUpload') s3.uploads.clear()
      return undefined
    }
    expect(await store.abortUnfinished('a/')).to.equal(0)
  })

  it('open – stream destroyed → connection closed', async () => {
    s3.put('a/b/1', Buffer.alloc(20 * MiB))
    const stream = await store.open('a/b/1')
    expect(await s3.connections()).to.equal(1)
    stream.destroy()
    await eventually(async () => expect(await s3.connections()).to.equal(0))
  })
})
