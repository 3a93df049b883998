import { S3ServiceException } from '@aws-sdk/client-s3'
import { connectionFault } from '../../errors.ts'

/** What each error code of a store means, and what to do. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const FAULTS: [codes: string[], meaning: string, remedy: string][] = [
  [['InvalidAccessKeyId'], 'does not know the access key', 'Check AWS_ACCESS_KEY_ID.'],
  [
    ['SignatureDoesNotMatch'],
    'refuses the signature',
    'Check AWS_SECRET_ACCESS_KEY. Google Cloud Storage answers this to checksums too: S3_CHECKSUMS=when_required.',
  ],
  [
    ['ExpiredToken', 'ExpiredTokenException', 'InvalidToken', 'TokenRefreshRequired'],
    'refuses the session token',
    'Renew the credentials.',
  ],
  [
    ['CredentialsProviderError'],
    'needs credentials',
    'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role.',
  ],
  [
    ['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture'],
    'has another time than this machine',
    'Set the clock of this machine.',
  ],
  [['NoSuchBucket'], 'does not have the bucket', 'Check S3_BUCKET, and create the bucket.'],
  [['SecondLevelDomainForbidden'], 'needs the bucket in the host name', 'Set S3_FORCE_PATH_STYLE=false.'],
  [['InvalidBucketName'], 'refuses the name of the bucket', 'Check S3_BUCKET.'],
  [
    [
      ...[
        'PermanentRedirect',
        'AuthorizationHeaderMalformed',
        'IncorrectEndpoint',
        'TemporaryRedirect',
        '301',
      ],
      ...['IllegalLocationConstraintException', 'InvalidRegion', '307'],
    ],
    'has the bucket in another region',
    'Check AWS_REGION and S3_ENDPOINT.',
  ],
  [['302', '303', '308'], 'sends requests to another address', 'Check S3_ENDPOINT.'],
  [
    ['AccessDenied', 'Forbidden', 'AllAccessDisabled', 'AccountProblem', 'NotSignedUp', '401', '403'],
    'does not allow this to the access key',
    '`npm run storage:doctor` prints the policy that the key needs.',
  ],
  [['NotFound', '404'], 'does not have the bucket', 'Check S3_BUCKET and S3_ENDPOINT.'],
  [
    ['BadDigest', 'InvalidDigest', 'XAmzContentSHA256Mismatch', 'MissingContentLength', 'InvalidChecksum'],
    'refuses the checksum of a request',
    'Set S3_CHECKSUMS=when_required for a store without these checksums.',
  ],
  [
    ['SlowDown', 'ServiceUnavailable', 'TooManyRequests', 'RequestLimitExceeded', 'Busy', '429', '503'],
    'has too many requests',
    'It can be tried again later.',
  ],
  [
    ['RequestTimeout'],
    'waited too long for bytes of this machine',
    'Check the network between this machine and the store.',
  ],
  [['InternalError', '500', '502', '504'], 'has an error of its own', 'See the log of the store.'],
  [
    ['NotImplemented', 'MethodNotAllowed', '405', '501'],
    'does not support a request that the service needs',
    '`npm run storage:doctor` says which.',
  ],
  [
    ['NotS3Answer'],
    'sends answers that are not those of an S3 store',
    'Check S3_ENDPOINT, and for proxies and login pages on the way.',
  ],
]

/** Error codes of a store without free space, or whose quota is used up. */
const FULL_CODES = new Set([
  ...['XMinioStorageFull', 'QuotaExceeded', 'XMinioAdminBucketQuotaExceeded', 'StorageFull'],
  ...['InsufficientStorage', 'QuotaExceededException', 'StorageLimitExceeded', 'BucketQuotaExceeded', '507'],
])

/** An answer with a good status that no S3 store sends, for example of a login page. */
export class NotS3Answer extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'NotS3Answer'
  }
}

/** The status of an answer, which the SDK adds to every error that an answer caused. */
const statusOf = (error: unknown) =>
  (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode

/** Returns the code of an error of the store, its HTTP status if the answer has none, or undefined without answer. */
function faultCode(error: unknown): string | undefined {
  if (error instanceof S3ServiceException && /^[\w.]{1,64}$/.test(error.name) && error.name !== 'Unknown')
    return error.name
  const status = statusOf(error)
  // the SDK could not read the answer
  if (!(error instanceof S3ServiceException) && status !== undefined)
    return status >= 500 && error instanceof Error && error.name !== 'Error' ? error.name : 'NotS3Answer'
  if (status !== undefined) return String(status)
  return error instanceof Error && FAULTS.some(([codes]) => codes.includes(error.name))
    ? error.name
    : undefined
}

/** Returns whether a store has no space left. Backblaze B2 says in words only that a cap is reached. */
export const isFullFault = (error: unknown) =>
  statusOf(error) === 507 ||
  FULL_CODES.has(faultCode(error) ?? '') ||
  (faultCode(error) === 'AccessDenied' && /storage cap exceeded/i.test((error as Error).message))

/** Returns what an operator can do about an error of a bucket; undefined if that is not known. */
export const remedyFor = (error: S3ServiceException): string | undefined =>
  FAULTS.find(([codes]) => codes.includes(error.name))?.[2]

/** Returns what is wrong with the store, in a sentence for operators without hosts and secrets. */
export function storeFault(error: unknown): string | undefined {
  const code = faultCode(error)
  if (isFullFault(error))
    return `The store is full, or its quota is used up (${code}); give it more space, or delete assets.`
  if (code === undefined) {
    const connection = connectionFault(error)
    return connection ? `The store ${connection}.` : undefined
  }
  const [, meaning, remedy] = FAULTS.find(([codes]) => codes.includes(code)) ?? []
  const status = statusOf(error)
  const shown = code === 'NotS3Answer' && status ? `HTTP ${status}` : /^\d/.test(code) ? `HTTP ${code}` : code
  if (!meaning) return `The store refuses requests (${shown}).`
  const region = regionOf(error)
  const hint = meaning.endsWith('region') && region ? `Set AWS_REGION to ${region}.` : remedy
  return `The store ${meaning} (${shown}). ${hint}`
}

/** Returns the region that a store names in an error, in its body or in a header. */
function regionOf(error: unknown): string | undefined {
  const { Region, $response } = error as {
    Region?: unknown
    $response?: { headers?: Record<string, string> }
  }
  const region = Region ?? $response?.headers?.['x-amz-bucket-region']
  return typeof region === 'string' && /^[a-z0-9-]{1,40}$/.test(region) ? region : undefined
}
