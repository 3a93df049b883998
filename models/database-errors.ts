import { Error as MongooseError, mongo } from 'mongoose'
import { AppError, taken, unavailable } from '../app/errors.ts'

/** The unique indexes whose values callers choose, and the field of the API behind each. */
const CHOSEN: Record<string, string> = { usernameKey: 'username', email: 'email', mobileKey: 'mobile' }

const UNREACHABLE = [
  mongo.MongoNetworkError,
  mongo.MongoSystemError,
  mongo.MongoNotConnectedError,
  mongo.MongoClientClosedError,
  mongo.MongoServerClosedError,
  mongo.MongoTopologyClosedError,
  mongo.MongoOperationTimeoutError,
  // what a connection brought that broke in the middle of a message
  mongo.MongoParseError,
  mongo.MongoUnexpectedServerResponseError,
  MongooseError.MongooseServerSelectionError,
]

/** A server that stops, is no primary (any more), or ran out of time: PrimarySteppedDown and its like. */
const PASSING_CODES = new Set<unknown>([50, 91, 189, 262, 10107, 11600, 11602, 13435, 13436])

/** Codes of a socket error that the driver passes on as it is. */
const SOCKET_CODES = new Set<unknown>([
  'EPIPE',
  'ECONNRESET',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
])

/** A unique index that refuses is `taken`; a database that cannot be reached is `unavailable`; else null. */
export function fromDatabase(error: Error): AppError | null {
  if (error instanceof mongo.MongoServerError && error.code === 11000) {
    const indexed = indexedField(error)
    // Every `_id` is generated: it is there twice only when the driver repeated an insert whose answer was lost.
    if (indexed === '_id') return unavailable(error)
    const field = CHOSEN[indexed]
    return field ? taken([field], error) : null
  }
  return isPassing(error) ? unavailable(error) : null
}

/** Returns the error that clients get for this one; null when it is an unexpected one. */
export const asAppError = (error: unknown): AppError | null =>
  error instanceof AppError ? error : error instanceof Error ? fromDatabase(error) : null

/** Whether a DNS query of `mongodb+srv` failed: the driver passes on the error of Node's resolver. */
export const isDnsFailure = (error: Error) =>
  'syscall' in error && typeof error.syscall === 'string' && /^query(Srv|Txt)$/.test(error.syscall)

function indexedField({ keyPattern, message }: mongo.MongoServerError): string {
  const [, field, id] = / index: (?:(\w+?)_-?1|(_id)_)\b/.exec(message) ?? []
  return Object.keys(keyPattern ?? {})[0] ?? field ?? id ?? ''
}

function isPassing(error: Error): boolean {
  if (UNREACHABLE.some((kind) => error instanceof kind)) return true
  if (error instanceof mongo.MongoError)
    return (
      PASSING_CODES.has(error.code) ||
      error.hasErrorLabel('RetryableWriteError') ||
      error.name === 'MongoWaitQueueTimeoutError'
    )
  if ('code' in error && SOCKET_CODES.has(error.code)) return true
  return error instanceof MongooseError && /bufferCommands|buffering timed out/.test(error.message)
}
