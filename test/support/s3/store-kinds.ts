import { type FakeResponse, refusal } from './actions.ts'
import type { FakeCall, FakeS3 } from './fake-s3.ts'

/** A store that answers differently from S3, as its documentation or reports of users say (docs/stores.md). */
export interface StoreKind {
  name: string
  /** Makes a fake S3 answer like this store. */
  apply(s3: FakeS3): void
  /** Whether it works only with `S3_CHECKSUMS=when_required`. */
  refusesChecksums?: true
  /** Operations that one call of `remove` for several keys needs. */
  removes: 'DeleteObjects' | 'DeleteObject'
  /** Features that the store does not have: the names of the checks of the self-test. */
  off: string[]
}

const NOT_IMPLEMENTED = 'A header or query you provided requested a function that is not implemented.'

const hasChecksum = ({ headers }: FakeCall) =>
  Object.keys(headers).find((name) => /^x-amz-(?:sdk-)?checksum/.test(name))
const isChunked = ({ headers }: FakeCall) =>
  headers['content-encoding'] === 'aws-chunked' ||
  String(headers['x-amz-content-sha256']).startsWith('STREAMING')

/** Refuses operations by their names. */
const refusing =
  (answers: Record<string, FakeResponse>) =>
  ({ operation }: FakeCall): FakeResponse | undefined =>
    answers[operation]

export const STORE_KINDS: StoreKind[] = [
  { name: 'S3', apply: () => undefined, removes: 'DeleteObjects', off: ['object lock'] },
  {
    name: 'S3, key limited to a prefix and a policy without bucket checks',
    apply: (s3) => {
      const denied = refusal(403, 'AccessDenied', 'Access Denied')
      const answer = refusing({
        HeadBucket: { status: 403 },
        GetObjectLockConfiguration: denied,
        GetBucketVersioning: denied,
        ListObjectVersions: denied,
      })
      s3.answer = (call) =>
        call.operation === 'GetObject' && !s3.objects.has(call.key) ? denied : answer(call)
    },
    removes: 'DeleteObjects',
    off: ['object lock', 'versions'],
  },
  {
    name: 'Cloudflare R2',
    apply: (s3) => {
      s3.equalParts = true
      s3.answer = (call) =>
        isChunked(call)
          ? refusal(501, 'NotImplemented', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER not implemented')
          : refusing({
              GetObjectLockConfiguration: refusal(501, 'NotImplemented'),
              GetBucketVersioning: refusal(501, 'NotImplemented'),
              ListObjectVersions: refusal(501, 'NotImplemented'),
            })(call)
    },
    removes: 'DeleteObjects',
    off: ['object lock', 'versions'],
  },
  {
    name: 'Cloudflare R2 before February 2025',
    apply: (s3) => {
      s3.equalParts = true
      s3.answer = (call) => {
        const header = call.operation === 'DeleteObjects' ? undefined : hasChecksum(call)
        if (header === undefined) return undefined
        return refusal(501, 'NotImplemented', `Header '${header}' with value '8FJbTw==' not implemented`)
      }
    },
    refusesChecksums: true,
    removes: 'DeleteObjects',
    off: ['object lock'],
  },
  {
    name: 'Backblaze B2',
    apply: (s3) => {
      s3.versioned = true
      s3.answer = (call) => {
        const header = hasChecksum(call)
        const message = `Unsupported header '${header}' received for this API call.`
        if (header) return refusal(400, 'InvalidArgument', message)
        if (call.operation === 'GetObjectLockConfiguration')
          return refusal(403, 'AccessDenied', 'not entitled')
        return undefined
      }
    },
    refusesChecksums: true,
    removes: 'DeleteObject',
    off: ['delete several', 'object lock', 'versions'],
  },
  {
    name: 'Google Cloud Storage',
    apply: (s3) => {
      s3.missingIsError = true
      s3.conditions = 'not implemented'
      s3.answer = (call) => {
        if (call.operation === 'DeleteObjects') return refusal(501, 'NotImplemented', NOT_IMPLEMENTED)
        if (hasChecksum(call)) return refusal(403, 'SignatureDoesNotMatch', 'Invalid signature.')
        if (call.operation === 'GetObjectLockConfiguration')
          return refusal(400, 'InvalidArgument', 'Invalid argument.')
        return undefined
      }
    },
    refusesChecksums: true,
    removes: 'DeleteObject',
    off: ['delete several', 'object lock'],
  },
  {
    name: 'Alibaba OSS',
    apply: (s3) => {
      s3.answer = (call) => {
        if (isChunked(call))
          return refusal(
            400,
            'InvalidArgument',
            'aws-chunked encoding is not supported with the specified x-amz-content-sha256 value.',
          )
        if (call.operation === 'DeleteObjects' && !call.headers['content-md5'])
          return refusal(400, 'MissingArgument', 'Missing Some Required Arguments.')
        return call.operation === 'GetObjectLockConfiguration' ? refusal(405, 'MethodNotAllowed') : undefined
      }
    },
    removes: 'DeleteObject',
    off: ['delete several', 'object lock'],
  },
  {
    name: 'MinIO of 2024',
    apply: (s3) => {
      s3.listsUploadsByKey = true
      s3.answer = ({ operation, headers }) => {
        if (operation === 'DeleteObjects' && !headers['content-md5'])
          return refusal(400, 'MissingContentMD5', 'Missing required header for this request: Content-Md5.')
        return operation === 'GetObjectLockConfiguration'
          ? refusal(404, 'ObjectLockConfigurationNotFoundError')
          : undefined
      }
    },
    removes: 'DeleteObject',
    off: ['delete several', 'list unfinished uploads', 'object lock'],
  },
]

/** Returns a kind of store by its name. */
export function storeKind(name: string): StoreKind {
  const found = STORE_KINDS.find((kind) => kind.name === name)
  if (!found) throw new Error(`there is no kind of store ${name}`)
  return found
}
