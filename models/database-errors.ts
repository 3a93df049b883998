import { Error as MongooseError, mongo } from 'mongoose'
import { AppError, databaseUnavailable, serverFull, taken, tooSlow } from '../app/errors.ts'
import { databaseFault } from './database-faults.ts'

/** The unique indexes on values that clients choose, and the API field of each. */
const CHOSEN: Record<string, string> = { usernameKey: 'username', email: 'email', mobileKey: 'mobile' }

const UNREACHABLE = [
  mongo.MongoNetworkError,
  mongo.MongoSystemError,
  mongo.MongoNotConnectedError,
  mongo.MongoClientClosedError,
  mongo.MongoServerClosedError,
  mongo.MongoTopologyClosedError,
  mongo.MongoOperationTimeoutError,
  // thrown when a connection breaks in the middle of a message
  mongo.MongoParseError,
  mongo.MongoUnexpectedServerResponseError,
  MongooseError.MongooseServerSelectionError,
]

/** Error code of a command that took longer than its `maxTimeMS`. */
const MAX_TIME_EXPIRED = 50

/** Codes of socket errors that the driver does not wrap. */
const SOCKET_CODES = new Set<unknown>([
  'EPIPE',
  'ECONNRESET',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
])

/** Returns whether another document has the value of a unique index. */
export const isDuplicateKey = (error: unknown): error is mongo.MongoServerError =>
  error instanceof mongo.MongoServerError && error.code === 11000

/**
 * Returns `taken` for a duplicate key, `too_slow` for a search that took too long, `unavailable` if the database cannot
 * be reached or refuses the service, `server_full` if it is full, and null for other errors.
 */
export function fromDatabase(error: Error): AppError | null {
  if (isDuplicateKey(error)) {
    const indexed = indexedField(error)
    // every `_id` is generated: a duplicate means that the driver repeated an insert after it lost the response
    if (indexed === '_id') return databaseUnavailable(error)
    const field = CHOSEN[indexed]
    return field ? taken([field], error) : null
  }
  // only searches have a `maxTimeMS`
  if (error instanceof mongo.MongoServerError && error.code === MAX_TIME_EXPIRED) return tooSlow(error)
  const known = isKnown(error) ? databaseFault(error) : null
  if (known?.kind === 'full') return serverFull(error, known.fault)
  return known || isTransient(error) ? databaseUnavailable(error, known?.fault) : null
}

/** Returns the error that clients receive for an error; null for an unexpected one. */
export const asAppError = (error: unknown): AppError | null =>
  error instanceof AppError ? error : error instanceof Error ? fromDatabase(error) : null

/**
 * Returns the result of a write that a read makes. Returns `otherwise` when the database has no space left, so that
 * reading goes on.
 */
export async function unlessFull<T>(write: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await write
  } catch (error) {
    if (asAppError(error)?.code !== 'server_full') throw error
    return otherwise
  }
}

/**
 * Returns whether a name could not be resolved, for example the records of `mongodb+srv`. The driver does not wrap the
 * errors of Node's resolver.
 */
export const isDnsFailure = (error: Error) =>
  'syscall' in error && typeof error.syscall === 'string' && /^(query[A-Z]|getaddrinfo$)/.test(error.syscall)

function indexedField({ keyPattern, message }: mongo.MongoServerError): string {
  const [, field, id] = / index: (?:(\w+?)_-?1|(_id)_)\b/.exec(message) ?? []
  return Object.keys(keyPattern ?? {})[0] ?? field ?? id ?? ''
}

/** Returns whether an error comes from the driver. */
const isKnown = (error: Error) =>
  error instanceof mongo.MongoError || error instanceof MongooseError || isTransient(error)

function isTransient(error: Error): boolean {
  if (UNREACHABLE.some((kind) => error instanceof kind)) return true
  if (error instanceof mongo.MongoError) return error.name === 'MongoWaitQueueTimeoutError'
  if ('code' in error && SOCKET_CODES.has(error.code)) return true
  return error instanceof MongooseError && /bufferCommands|buffering timed out/.test(error.message)
}
