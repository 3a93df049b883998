/** An invalid field: its path in the request, and a message for the client. */
export interface Detail {
  field: string
  message: string
}

interface AppErrorOptions {
  details?: Detail[]
  headers?: Record<string, string>
  cause?: unknown
  fault?: string | undefined
}

/** An error for clients: HTTP status, error code, and a message without internals. Its `cause` is logged only. */
export class AppError extends Error {
  readonly details: Detail[]
  readonly headers: Record<string, string>
  /** For operators: what is wrong with the database or the store and what to do, without hosts and secrets. */
  readonly fault: string | undefined

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    { details = [], headers = {}, cause, fault }: AppErrorOptions = {},
  ) {
    super(message, { cause })
    this.name = 'AppError'
    this.details = details
    this.headers = headers
    this.fault = fault
  }
}

const retryAfter = (seconds: number) => ({ 'Retry-After': String(Math.max(1, Math.ceil(seconds))) })

/** Most details in one answer. */
const MAX_DETAILS = 20
/** Most characters of a field name in a detail. */
const MAX_FIELD_NAME = 100

/** @param details if there are more than 20, the last detail in the answer counts the rest */
export const validationFailed = (details: Detail[], cause?: unknown) =>
  new AppError(400, 'validation_failed', 'The request has invalid fields.', {
    details: bounded(details).map(({ field, message }) => ({
      field: field.slice(0, MAX_FIELD_NAME),
      message,
    })),
    cause,
  })

function bounded(details: Detail[]): Detail[] {
  if (details.length <= MAX_DETAILS) return details
  const named = details.slice(0, MAX_DETAILS - 1)
  return [...named, { field: '', message: `${details.length - named.length} more fields are invalid` }]
}

export const malformedJson = (cause?: unknown) =>
  new AppError(400, 'malformed_json', 'The request body is not valid JSON.', { cause })
export const malformedUpload = (cause?: unknown, message = 'The upload is not a complete multipart body.') =>
  new AppError(400, 'malformed_upload', message, { cause })
/** The received bytes do not have the digest that the client sent. */
export const checksumMismatch = () =>
  new AppError(
    400,
    'checksum_mismatch',
    'The received bytes do not have the SHA-256 of Content-Digest. Send the file again.',
  )
/** A request that is not valid HTTP, or not a valid WebSocket handshake. */
export const malformedRequest = (message: string, cause?: unknown, headers: Record<string, string> = {}) =>
  new AppError(400, 'malformed_request', message, { cause, headers })
/** Tells clients how to authenticate (RFC 9110 §11.6.1). */
const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="kura"' }

/** The request has no token. */
export const unauthenticated = () =>
  new AppError(401, 'unauthenticated', 'This request needs a valid token. Sign in to get one.', {
    headers: CHALLENGE,
  })
/** The request has a token that is not valid (RFC 6750 §3.1). */
export const invalidToken = (
  message = 'The token is invalid, has expired or was revoked. Sign in to get a new one.',
) =>
  new AppError(401, 'unauthenticated', message, {
    headers: { 'WWW-Authenticate': `${CHALLENGE['WWW-Authenticate']}, error="invalid_token"` },
  })
export const badCredentials = (message = 'The name or the password is wrong.') =>
  new AppError(401, 'bad_credentials', message, { headers: CHALLENGE })
/** A link has a password, and the request has none. */
export const passwordRequired = () =>
  new AppError(401, 'password_required', 'This link has a password. Send it in the header X-Link-Password.', {
    headers: CHALLENGE,
  })
/** A signed-in user confirmed an action with a wrong password. */
export const wrongPassword = () => new AppError(403, 'bad_credentials', 'The password is wrong.')
export const forbidden = (message = 'You are not allowed to do this.') =>
  new AppError(403, 'forbidden', message)
export const notFound = () =>
  new AppError(404, 'not_found', 'The resource does not exist, or you cannot access it.')
export const methodNotAllowed = (allow: string[]) =>
  new AppError(405, 'method_not_allowed', 'This path does not support this method; see the Allow header.', {
    headers: { Allow: allow.join(', ') },
  })
export const timeout = (message: string, cause?: unknown) => new AppError(408, 'timeout', message, { cause })
/** @param fields at least one */
export const taken = (fields: string[], cause?: unknown) =>
  new AppError(409, 'taken', `Another account has this ${fields.join(' and this ')}.`, {
    details: fields.map((field) => ({ field, message: 'is taken' })),
    cause,
  })
export const conflict = (message: string) => new AppError(409, 'conflict', message)
/** The first request with an `Idempotency-Key` still runs. */
export const keyInUse = () =>
  new AppError(
    409,
    'conflict',
    'The first request with this Idempotency-Key still runs; repeat the request later.',
    { headers: retryAfter(5) },
  )
/** A request has the `Idempotency-Key` of another one. */
export const keyReused = () =>
  conflict('This Idempotency-Key was used for another request. Use a new key for each upload.')
export const versionConflict = (
  message = 'The asset has changed since you read it. Read it again and repeat your change.',
) => new AppError(412, 'version_conflict', message)
export const tooLarge = (message: string, cause?: unknown) =>
  new AppError(413, 'too_large', message, { cause })
export const fileTooLarge = (cause?: unknown) => tooLarge('A file is larger than this server allows.', cause)
export const headersTooLarge = (cause?: unknown) =>
  new AppError(431, 'too_large', 'The request headers are larger than 16 kB.', { cause })
export const unsupportedMedia = (message: string, cause?: unknown) =>
  new AppError(415, 'unsupported_media', message, { cause })
export const rangeNotSatisfiable = (size: number) =>
  new AppError(416, 'range_not_satisfiable', 'The range is outside the file.', {
    headers: { 'Content-Range': `bytes */${size}` },
  })
export const tooManyRequests = (seconds: number) =>
  new AppError(429, 'too_many_requests', 'Too many requests; try again later.', {
    headers: retryAfter(seconds),
  })
export const internal = (cause?: unknown) =>
  new AppError(
    500,
    'internal',
    'Internal error. Try again later, and report the request id if it happens again.',
    { cause },
  )
/**
 * @param message names the part of the service that does not work
 * @param fault for operators
 */
export const unavailable = (cause: unknown, message: string, fault?: string) =>
  new AppError(503, 'unavailable', message, { headers: retryAfter(5), cause, fault })
/** @param fault for operators */
export const databaseUnavailable = (cause?: unknown, fault?: string) =>
  unavailable(cause, 'The database does not answer; try again later.', fault)
/** @param fault for operators */
export const storeUnavailable = (cause?: unknown, fault?: string) =>
  unavailable(cause, 'The file store does not answer; try again later.', fault)
/** The database cannot be read yet. */
export const starting = () =>
  unavailable(undefined, 'The service is starting and waits for its database; try again later.')
export const stopping = () => unavailable(undefined, 'The service is stopping; try again later.')
/** A search needs more than its time. Repeating it does not help. */
export const tooSlow = (cause?: unknown) =>
  new AppError(503, 'too_slow', 'The search takes too long. Add filters to search fewer assets.', { cause })
/** A bounded queue is full. @param message names the queue */
export const overloaded = (message: string) => unavailable(undefined, message)
/** @param details the active locks and when they end */
export const locked = (details: Detail[]) =>
  new AppError(423, 'locked', 'The asset is locked and cannot be changed now.', { details })
export const linkExpired = () =>
  new AppError(410, 'link_expired', 'This link has expired. Ask its owner for a new one.')
/** The changes after a cursor are no longer kept, or the database was replaced. */
export const changesExpired = () =>
  new AppError(
    410,
    'changes_expired',
    'The changes after this cursor are no longer known. List all assets again, then read changes without `since`.',
  )
export const spaceExceeded = () =>
  new AppError(
    507,
    'space_exceeded',
    'The account does not have enough free space. Delete assets, or ask an admin for more space.',
  )
/**
 * @param cause the error of a full disk
 * @param fault for operators
 */
export const serverFull = (cause?: unknown, fault?: string) =>
  new AppError(507, 'server_full', 'The server does not have enough free space. Ask its operator for more.', {
    cause,
    fault,
  })

/** Socket and TLS errors of Node.js, and what each means for a server that the service calls. */
const CONNECTION_FAULTS: [code: RegExp, meaning: string][] = [
  [/^(ENOTFOUND|EAI_AGAIN|ENODATA|ESERVFAIL|ETIMEOUT)$/, 'cannot be found: its host name has no address'],
  [/^ECONNREFUSED$/, 'refuses connections: it does not run, or listens on another port'],
  [/^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/, 'cannot be reached from this network'],
  [/^(ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM_\w+)$/, 'closes its connections'],
  [
    /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/,
    'has a TLS certificate that is not valid at the time of this machine',
  ],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'has a TLS certificate for another host name'],
  [
    /SELF_SIGNED|^UNABLE_TO_/,
    'has a TLS certificate that is not trusted here: set NODE_EXTRA_CA_CERTS to a file with its authority',
  ],
  [/^(EPROTO|ERR_SSL_\w+|ERR_TLS_\w+|CERT_\w+)$/, 'does not speak TLS as expected'],
  [/^(ETIMEDOUT|ESOCKETTIMEDOUT|TimeoutError|AbortError)$/, 'does not answer in time'],
]

/**
 * Returns what a failed connection means, with the code of the error, and null for other errors. Looks at the causes
 * too.
 */
export function connectionFault(error: unknown): string | null {
  for (let one = error, depth = 0; one instanceof Error && depth < 6; one = one.cause, depth++) {
    for (const code of [(one as NodeJS.ErrnoException).code, one.name]) {
      const [, meaning] = CONNECTION_FAULTS.find(([pattern]) => pattern.test(String(code))) ?? []
      if (meaning) return `${meaning} (${code})`
    }
  }
  return null
}
