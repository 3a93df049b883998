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

/** A version of an object in a bucket with versions: its bytes, or the marker of a deletion. */
export interface FakeVersion {
  key: string
  id: string
  isMarker: boolean
}

/** Content and settings of the fake bucket. */
export class FakeBucket {
  readonly objects = new Map<string, FakeObject>()
  readonly uploads = new Map<string, FakeUpload>()
  /** Most entries in one page of a listing. */
  pageSize = 1000

  /** How PutObject treats `If-None-Match`. Older servers ignore it or answer 501. */
  conditions: 'honoured' | 'ignored' | 'not implemented' = 'honoured'

  /** Whether all parts of an upload but the last must have the same length, as in R2. */
  equalParts = false
  /** Whether a list of unfinished uploads needs a complete key as its prefix, as in MinIO. */
  listsUploadsByKey = false
  /** Whether deleted and replaced objects are kept as versions. */
  versioned = false
  /** Whether DeleteObject answers 404 for a key without an object, as Google Cloud Storage does. */
  missingIsError = false
  readonly versions: FakeVersion[] = []

  constructor(readonly name: string) {}

  put(key: string, bytes: Buffer): FakeObject {
    const object = { key, bytes, etag: etagOf(bytes), modifiedAt: new Date() }
    this.objects.set(key, object)
    if (this.versioned) this.versions.push({ key, id: randomUUID(), isMarker: false })
    return object
  }

  /** Deletes an object, or one version of it. Returns whether there was one. */
  delete(key: string, versionId: string | null = null): boolean {
    if (versionId === null) {
      const found = this.objects.delete(key)
      if (this.versioned) this.versions.push({ key, id: randomUUID(), isMarker: true })
      return found
    }
    const index = this.versions.findIndex(({ id }) => id === versionId)
    if (index >= 0) this.versions.splice(index, 1)
    return index >= 0
  }

  begin(key: string): FakeUpload {
    const upload = { key, id: randomUUID(), begunAt: new Date(), parts: new Map() }
    this.uploads.set(upload.id, upload)
    return upload
  }
}
