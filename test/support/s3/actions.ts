import { etagOf, type FakeBucket, type FakeUpload } from './state.ts'
import {
  completedXml,
  createdXml,
  deletedXml,
  errorXml,
  listXml,
  partsXml,
  texts,
  uploadsXml,
  versioningXml,
  versionsXml,
} from './xml.ts'

export interface FakeResponse {
  status?: number
  headers?: Record<string, string | number>
  body?: string | Buffer
}

interface FakeRequest {
  key: string
  query: URLSearchParams
  body: Buffer
  range: string | undefined
  /** `If-None-Match: *`: store the object only if there is none. */
  onlyIfNew: boolean
  /** Returns whether the deletion of a key by DeleteObjects is refused. */
  refuses: (key: string) => boolean
}

export const refusal = (status: number, code: string, message = code): FakeResponse => ({
  status,
  body: errorXml(code, message),
})
const xml = (body: string): FakeResponse => ({ headers: { 'Content-Type': 'application/xml' }, body })

function putObject(bucket: FakeBucket, { key, body, onlyIfNew }: FakeRequest): FakeResponse {
  if (onlyIfNew && bucket.conditions === 'not implemented') return refusal(501, 'NotImplemented')
  if (onlyIfNew && bucket.conditions === 'honoured' && bucket.objects.has(key))
    return refusal(412, 'PreconditionFailed')
  return { headers: { ETag: bucket.put(key, body).etag } }
}

function getObject(bucket: FakeBucket, { key, range }: FakeRequest): FakeResponse {
  const object = bucket.objects.get(key)
  if (!object) return refusal(404, 'NoSuchKey')
  const { bytes, etag } = object
  const headers = { ETag: etag, 'Content-Type': 'application/octet-stream' }
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? []
  if (first === undefined) return { headers, body: bytes }
  if (Number(first) >= bytes.length) return refusal(416, 'InvalidRange')
  const body = bytes.subarray(Number(first), Number(last) + 1)
  const contentRange = `bytes ${first}-${Number(first) + body.length - 1}/${bytes.length}`
  return { status: 206, headers: { ...headers, 'Content-Range': contentRange }, body }
}

function listObjects(bucket: FakeBucket, { query }: FakeRequest): FakeResponse {
  const prefix = query.get('prefix') ?? ''
  const after = query.get('continuation-token') ?? ''
  const found = [...bucket.objects.values()].filter(({ key }) => key.startsWith(prefix) && key > after)
  const objects = found.sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, bucket.pageSize)
  return xml(listXml(objects, found.length > objects.length ? objects.at(-1)?.key : undefined))
}

function listUploads(bucket: FakeBucket, { query }: FakeRequest): FakeResponse {
  const position = ({ key, id }: FakeUpload) => `${key} ${id}`
  const after = `${query.get('key-marker') ?? ''} ${query.get('upload-id-marker') ?? ''}`
  const isListed = (key: string, prefix: string) =>
    bucket.listsUploadsByKey ? key === prefix : key.startsWith(prefix)
  const found = [...bucket.uploads.values()]
    .filter(({ key }) => isListed(key, query.get('prefix') ?? ''))
    .filter((upload) => position(upload) > after)
    .sort((a, b) => (position(a) < position(b) ? -1 : 1))
  const uploads = found.slice(0, bucket.pageSize)
  return xml(uploadsXml(uploads, found.length > uploads.length ? uploads.at(-1) : undefined))
}

function deleteObjects(bucket: FakeBucket, { body, refuses }: FakeRequest): FakeResponse {
  const keys = texts(body.toString(), 'Key')
  if (keys.length > 1000) return refusal(400, 'MalformedXML')
  const refused = keys.filter(refuses)
  const deleted = keys.filter((key) => !refused.includes(key))
  for (const key of deleted) bucket.delete(key)
  const isQuiet = texts(body.toString(), 'Quiet').includes('true')
  return xml(deletedXml(isQuiet ? [] : deleted, refused))
}

function completeUpload(bucket: FakeBucket, upload: FakeUpload, { body }: FakeRequest): FakeResponse {
  const numbers = texts(body.toString(), 'PartNumber').map(Number)
  const parts = numbers.flatMap((number) => upload.parts.get(number)?.bytes ?? [])
  if (parts.length < numbers.length) return refusal(400, 'InvalidPart')
  if (parts.slice(0, -1).some(({ length }) => length < 5 * 1024 * 1024)) return refusal(400, 'EntityTooSmall')
  if (bucket.equalParts && new Set(parts.slice(0, -1).map(({ length }) => length)).size > 1)
    return refusal(400, 'InvalidPart')
  bucket.uploads.delete(upload.id)
  return xml(completedXml(bucket.put(upload.key, Buffer.concat(parts))))
}

type Action = (bucket: FakeBucket, request: FakeRequest) => FakeResponse

const withUpload =
  (action: (bucket: FakeBucket, upload: FakeUpload, request: FakeRequest) => FakeResponse): Action =>
  (bucket, request) => {
    const upload = bucket.uploads.get(request.query.get('uploadId') ?? '')
    return upload ? action(bucket, upload, request) : refusal(404, 'NoSuchUpload')
  }

/** Operations of the fake S3, named as in https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html */
export const actions: Record<string, Action> = {
  HeadBucket: () => ({}),
  PutObject: putObject,
  GetObject: getObject,
  HeadObject: getObject,
  DeleteObject: (bucket, { key, query }) =>
    bucket.delete(key, query.get('versionId')) || !bucket.missingIsError
      ? { status: 204 }
      : refusal(404, 'NoSuchKey'),
  DeleteObjects: deleteObjects,
  ListObjectsV2: listObjects,
  GetBucketVersioning: ({ versioned }) => xml(versioningXml(versioned)),
  ListObjectVersions: ({ versions }, { query }) =>
    xml(versionsXml(versions.filter(({ key }) => key.startsWith(query.get('prefix') ?? '')))),
  ListMultipartUploads: listUploads,
  CreateMultipartUpload: (bucket, { key }) => xml(createdXml(bucket.begin(key))),
  UploadPart: withUpload((_bucket, upload, { query, body }) => {
    upload.parts.set(Number(query.get('partNumber')), { bytes: body, etag: etagOf(body) })
    return { headers: { ETag: etagOf(body) } }
  }),
  ListParts: withUpload((_bucket, upload) => xml(partsXml(upload))),
  CompleteMultipartUpload: withUpload(completeUpload),
  AbortMultipartUpload: withUpload((bucket, { id }) => {
    bucket.uploads.delete(id)
    return { status: 204 }
  }),
}
