import { mongo } from 'mongoose'
import { connectionFault } from '../app/errors.ts'

/** Error codes of a server without free space: OutOfDiskSpace, and the quota of a database. */
const FULL_CODES = new Set<unknown>([14031, 12501])

/** Error code of MongoDB Atlas for any refusal of its own; the message says which. */
const ATLAS_ERROR = 8000

const UNAUTHORIZED = 13
const AUTHENTICATION_FAILED = 18

/** Error codes of a server that stops, is not the primary, or loses its connection to other members. */
const PASSING_CODES = new Set<unknown>([
  // HostUnreachable, HostNotFound, NetworkTimeout, SocketException
  ...[6, 7, 89, 9001],
  // ShutdownInProgress, PrimarySteppedDown, NotWritablePrimary, NotPrimaryNoSecondaryOk, NotPrimaryOrSecondary
  ...[91, 189, 10107, 10058, 13435, 13436],
  // Interrupted, InterruptedAtShutdown, InterruptedDueToReplStateChange, ExceededTimeLimit
  ...[11601, 11600, 11602, 262],
  // CursorNotFound after a failover, CursorKilled, QueryPlanKilled
  ...[43, 237, 175],
  // StaleShardVersion, StaleEpoch, StaleConfig, FailedToSatisfyReadPreference, ReadConcernMajorityNotAvailableYet
  ...[63, 150, 13388, 133, 134],
  // LockTimeout, WriteConflict, Reauthenticate
  ...[24, 112, 391],
])

/** Error codes of a server that has too many requests: CosmosDB, IngressRequestRateLimitExceeded, RateLimitExceeded. */
const OVERLOADED_CODES = new Set<unknown>([16500, 462, 8001])

/** Error codes of a write that too few members confirmed: WriteConcernTimeout, UnknownReplWriteConcern and others. */
const WRITE_CONCERN_CODES = new Set<unknown>([64, 79, 100])

/** Labels that the server or the driver gives to errors after which the same command can succeed. */
const PASSING_LABELS = [
  'RetryableWriteError',
  'RetryableError',
  'TransientTransactionError',
  'PoolRequestedRetry',
  'ResetPool',
  'HandshakeError',
]

type DatabaseFault = { kind: 'full' | 'unavailable'; fault: string }

/**
 * Returns what is wrong with the database, in a sentence for operators without hosts and secrets. Returns null for an
 * error that is not a fault of the database or of the way to it.
 */
export function databaseFault(error: unknown): DatabaseFault | null {
  if (error instanceof mongo.MongoServerError) return serverFault(error)
  const away = (fault: string): DatabaseFault => ({ kind: 'unavailable', fault: `The database ${fault}.` })
  const connection = connectionFault(rootOf(error))
  if (connection) return away(connection)
  const refused = rootOf(error)
  if (refused !== error && refused instanceof mongo.MongoServerError) return serverFault(refused)
  if (!(error instanceof Error)) return null
  if (/WaitQueueTimeout/.test(error.name))
    return away('is too slow: every connection to it was in use for too long')
  if (/ServerSelection/.test(error.name)) return away('does not answer, or has no primary')
  if (/timed? ?out/i.test(error.message)) return away('does not answer in time')
  if (error instanceof mongo.MongoNetworkError) return away('closes its connections')
  return null
}

function serverFault(error: mongo.MongoServerError): DatabaseFault | null {
  const { code, codeName, message } = error
  const known = typeof codeName === 'string' && /^\w{1,60}$/.test(codeName) ? ` ${codeName}` : ''
  const away = (fault: string): DatabaseFault => ({ kind: 'unavailable', fault })
  const named = `(${code}${known})`
  if (isFull(error))
    return { kind: 'full', fault: `The database is full ${named}; give it more space, or delete assets.` }
  if (code === AUTHENTICATION_FAILED || (code === ATLAS_ERROR && /auth/i.test(message)))
    return away(
      `The database refuses the credentials ${named}. Check user, password and authSource in MONGODB_URI.`,
    )
  if (code === UNAUTHORIZED || (code === ATLAS_ERROR && /not allowed|not authorized/i.test(message)))
    return away(
      `The database does not allow this to the user of MONGODB_URI ${named}. Give it the role readWrite.`,
    )
  if (WRITE_CONCERN_CODES.has(code) || error instanceof mongo.MongoWriteConcernError)
    return away(`Too few members of the database confirmed a write ${named}.`)
  if (OVERLOADED_CODES.has(code) || error.hasErrorLabel('SystemOverloadedError'))
    return away(`The database has too many requests ${named}.`)
  if (PASSING_CODES.has(code) || PASSING_LABELS.some((label) => error.hasErrorLabel(label)))
    return away(`The database changes its primary, stops or was interrupted ${named}.`)
  return null
}

/** Returns whether the database has no space left. A hosted one with a quota (MongoDB Atlas) says so in words only. */
const isFull = ({ code, message }: mongo.MongoServerError) =>
  FULL_CODES.has(code) || /over your space quota|no space left on device/i.test(message)

/** Returns the error of the server that was tried last, if no server could be selected. */
function rootOf(error: unknown): unknown {
  const { reason } = error as { reason?: { servers?: ReadonlyMap<string, { error: Error | null }> } }
  for (const server of reason?.servers?.values() ?? []) if (server.error) return server.error
  return error
}
