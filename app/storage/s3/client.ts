import { S3Client } from '@aws-sdk/client-s3'

/** In milliseconds. */
export interface S3Timeouts {
  /** Until a connection stands. */
  connect: number
  /** Without a byte in either direction; for a download, without one that the reader waits for. */
  idle: number
  /** From the first byte of a request, its body included, to the head of the answer. */
  request: number
  /** For a whole `check` or look at the mark, and for clearing up after an upload that failed. */
  check: number
}

export interface S3StoreOptions {
  bucket: string
  /** What every key in the bucket begins with: empty, or segments with a `/` at the end. */
  prefix?: string
  region: string
  /** The address of a store other than AWS; the bucket then stands in the path. */
  endpoint?: string | null
  /** Without them the SDK looks where it always does: environment, profile, role of the machine. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | null
  /** `when_required` for stores that do not know the checksums that the SDK adds by itself. */
  checksums?: 'when_supported' | 'when_required'
  timeouts?: Partial<S3Timeouts>
  /** How often a request is tried, the first time included. */
  attempts?: number
}

const TIMEOUTS: S3Timeouts = { connect: 5_000, idle: 10_000, request: 120_000, check: 5_000 }

export const withDefaults = (timeouts: Partial<S3Timeouts> = {}): S3Timeouts => ({ ...TIMEOUTS, ...timeouts })

/**
 * Two clients, two pools of sockets. Slow downloads hold their sockets for as long as they like, so they must
 * not keep uploads waiting; and the SDK's socket time-out would cut off a reader who pauses, so downloads go
 * without and are watched by `watchReading`. Neither pool is bounded: the requests that we serve bound them.
 */
export function createClients(options: S3StoreOptions, timeouts: S3Timeouts) {
  const { region, endpoint, credentials, attempts = 3 } = options
  const checksums = options.checksums === 'when_required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED'
  const create = (requestTimeout: number, socketTimeout: number) =>
    new S3Client({
      region,
      ...(endpoint && { endpoint, forcePathStyle: true }),
      // A copy: the SDK writes into it, and settings are frozen.
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
  return { client: create(timeouts.request, timeouts.idle), reader: create(timeouts.idle, 0) }
}
