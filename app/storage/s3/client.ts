import { S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { AppError, serverFull, storeUnavailable } from '../../errors.ts'
import { withAdvice } from './advice.ts'
import { refuseOtherAnswers } from './answers.ts'
import { isFullFault, storeFault } from './faults.ts'

/** Time limits in milliseconds. */
interface S3Timeouts {
  /** For opening a connection. */
  connect: number
  /** Without a byte in either direction. For downloads: while the reader waits for bytes. */
  idle: number
  /** From the first byte of a request, including its body, to the headers of the response. */
  request: number
  /** For a complete `check` or `readMark`. */
  check: number
  /** For the cleanup after a failed upload. */
  cleanup: number
}

export interface S3StoreOptions {
  bucket: string
  /** Beginning of every key in the bucket: empty, or segments that end with `/`. */
  prefix?: string
  region: string
  /** URL of a store other than AWS. */
  endpoint?: string | null
  /** Whether the bucket is in the path of a URL instead of the host name. Default: true with an endpoint. */
  pathStyle?: boolean
  /** Without credentials the SDK uses its default chain: environment, profile, role of the machine. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | null
  /** `when_required` for stores that do not support the checksums which the SDK adds by default. */
  checksums?: 'when_supported' | 'when_required'
  timeouts?: Partial<S3Timeouts>
  /** Largest number of attempts of a request, including the first. */
  attempts?: number
}

/** Address of one object, as S3 commands take it. */
export interface ObjectAddress {
  Bucket: string
  Key: string
}

const TIMEOUTS: S3Timeouts = { connect: 5_000, idle: 8_000, request: 120_000, check: 5_000, cleanup: 3_000 }

/**
 * Time after which a failed request is not repeated, in milliseconds. A store that hangs would otherwise hold an answer
 * for `attempts` times `idle`.
 */
const RETRY_WINDOW_MS = 3_000

export const withDefaults = (timeouts: Partial<S3Timeouts> = {}): S3Timeouts => ({ ...TIMEOUTS, ...timeouts })

/**
 * Creates two clients, each with its own sockets. `reader` is for downloads: slow readers keep their sockets for a long
 * time and must not block uploads; it has no socket timeout, because a timeout would end the download of a reader who
 * pauses (`withIdleTimeout` limits downloads instead). Sockets are not limited, because the number of requests to the
 * service limits them.
 */
export function createClients(options: S3StoreOptions, timeouts: S3Timeouts) {
  const { region, endpoint, pathStyle = Boolean(endpoint), credentials, attempts = 3 } = options
  const checksums = options.checksums === 'when_required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED'
  const create = (requestTimeout: number, socketTimeout: number) => {
    const client = new S3Client({
      region,
      ...(endpoint && { endpoint }),
      forcePathStyle: pathStyle,
      // a copy, because the SDK writes into it and the configuration is frozen
      ...(credentials && { credentials: { ...credentials } }),
      requestChecksumCalculation: checksums,
      responseChecksumValidation: checksums,
      retryMode: 'standard',
      maxAttempts: attempts,
      requestHandler: {
        connectionTimeout: timeouts.connect,
        requestTimeout,
        throwOnRequestTimeout: true,
        socketTimeout,
        httpAgent: { maxSockets: Number.POSITIVE_INFINITY },
        httpsAgent: { maxSockets: Number.POSITIVE_INFINITY },
      },
    })
    refuseOtherAnswers(client)
    limitRetries(client)
    return client
  }
  return { client: create(timeouts.request, timeouts.idle), reader: create(timeouts.idle, 0) }
}

type RetryStrategy = Awaited<ReturnType<S3Client['config']['retryStrategy']>>

/** Repeats no request of the client that failed later than `RETRY_WINDOW_MS` after its first attempt. */
function limitRetries({ config }: S3Client): void {
  const standard = config.retryStrategy
  const limit = (strategy: RetryStrategy): RetryStrategy => {
    if (!('acquireInitialRetryToken' in strategy)) return strategy
    const begun = new WeakMap<object, number>()
    return {
      async acquireInitialRetryToken(scope) {
        const token = await strategy.acquireInitialRetryToken(scope)
        // the standard strategy returns the same token to every request
        const own = Object.create(token)
        begun.set(own, Date.now())
        return own
      },
      async refreshRetryTokenForRetry(token, error) {
        const at = begun.get(token) ?? 0
        if (Date.now() - at > RETRY_WINDOW_MS) throw new Error('too late to repeat the request')
        const next = await strategy.refreshRetryTokenForRetry(token, error)
        begun.set(next, at)
        return next
      },
      recordSuccess: (token) => strategy.recordSuccess(token),
    }
  }
  const limited = standard().then(limit)
  config.retryStrategy = () => limited
}

/**
 * Returns the S3 error code of a refused request, otherwise undefined.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export const s3Code = (error: unknown): string | undefined =>
  error instanceof S3ServiceException ? error.name : undefined

/** Statuses below 500 that a later attempt can change. */
const TEMPORARY = new Set([408, 425, 429])

/** Returns whether the bucket refused a request, and would refuse it again: 3xx, 4xx, or 501. */
export function isRefusal(error: unknown): error is S3ServiceException {
  if (!(error instanceof S3ServiceException)) return false
  const { httpStatusCode: status = 0 } = error.$metadata
  return status === 501 || (status >= 300 && status < 500 && !TEMPORARY.has(status))
}

/** Codes of a store that does not implement an operation, and of a key that is not allowed to use it. */
const NOT_OFFERED = new Set([
  ...['NotImplemented', 'MethodNotAllowed', 'AccessDenied', 'UnsupportedOperation'],
  ...['InvalidRequest', 'InvalidArgument', 'ObjectLockConfigurationNotFoundError'],
])

/**
 * Returns whether a refused request means that the bucket does not have this feature. Wrong credentials and a missing
 * bucket mean nothing about a feature.
 */
export const isNotOffered = (error: unknown): boolean =>
  isRefusal(error) &&
  (NOT_OFFERED.has(error.name) || [405, 501].includes(error.$metadata.httpStatusCode ?? 0))

const isAbort = (error: unknown) => error instanceof Error && error.name === 'AbortError'
const isBug = (error: unknown) => error instanceof TypeError && !('$metadata' in error)

/**
 * Converts an error of a request to the bucket into `server_full` or `unavailable` with its cause: no connection, timeout, 5xx, SlowDown,
 * and 4xx too, because the client of the service determines nothing in these requests but the bytes. Returns aborts by
 * the caller and bugs unchanged.
 */
export const translateS3Error = (error: unknown): unknown =>
  error instanceof AppError || isAbort(error) || isBug(error)
    ? error
    : isFullFault(error)
      ? serverFull(error, storeFault(error))
      : storeUnavailable(withAdvice(error), storeFault(error))

/** Throws the translated error. Use it in `promise.catch`. */
export function rethrow(error: unknown): never {
  throw translateS3Error(error)
}
