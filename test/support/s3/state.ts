import { createHash, randomUUID } from 'node:crypto'

export interface FakeObject {
  key: string
  bytes: Buffer
  etag: string
  modifiedAt: Date
}

export interface FakeUpload {
  key: string
  id: string
  begunAt: Date
  parts: Map<number, { bytes: Buffer; etag: string }>
}

export const etagOf = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`

/** Content and settings of the fake bucket. */
export class FakeBucket {
  readonly objects = new Map<string, FakeObject>()
  readonly uploads = new Map<string, FakeUpload>()
  /** Most entries in one page of a listing. */
  pageSize = 1000

  /** How PutObject treats `If-None-Match`. Older servers ignore it or answer 501. */
  conditions: 'honoured' | 'ignored' | 'not implemented' = 'honoured'

  constructor(readonly name: string) {}

  put(key: string, bytes: Buffer): FakeObject {
    const object = { key, bytes, etag: etagOf(bytes), modifiedAt: new Date() }
    this.objects.set(key, object)
    return object
  }

  begin(key: string): FakeUpload {
    const upload = { key, id: randomUUID(), begunAt: new Date(), parts: new Map() }
    this.uploads.set(upload.id, upload)
    return upload
  }
}
