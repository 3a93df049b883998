import { setTimeout as delay } from 'node:timers/promises'
import { ConnectionString } from 'mongodb-connection-string-url'
import mongoose, { Error as MongooseError, mongo } from 'mongoose'
import type { Logger } from 'pino'
import { asAppError, fromDatabase, isDnsFailure } from '../../models/database-errors.ts'
import { refuseUnfinishedMove } from '../backup/move-record.ts'
import { AppError } from '../errors.ts'
import { refuseNewerSchema } from '../maintenance/migrations/schema.ts'
import { measureCommands } from '../metrics/database-commands.ts'
import '../../models/all.ts'
import { failClosedWrites } from './closed-writes.ts'
import { reconnectSoon } from './reconnect-soon.ts'

mongoose.set('autoIndex', false)
mongoose.set('autoCreate', false)
mongoose.set('bufferCommands', false)
mongoose.set('strictQuery', 'throw')

/** Pause between two attempts to reach the database and the store, in milliseconds. */
const RETRY_MS = 2000

/**
 * Options of the driver. A database that does not answer a heartbeat within `connectTimeoutMS` counts as unreachable, and
 * running commands fail. The driver repeats each command once.
 */
const OPTIONS: mongoose.ConnectOptions = {
  appName: 'kura',
  writeConcern: { w: 'majority' },
  serverSelectionTimeoutMS: 5000,
  connectTimeoutMS: 5000,
  heartbeatFrequencyMS: 5000,
  socketTimeoutMS: 30_000,
  maxPoolSize: 50,
  waitQueueTimeoutMS: 10_000,
}

/** Name of the database if the URI has none. */
export const DATABASE = 'kura'

/**
 * Connects all models to the database of the URI. Options in the URI override ours.
 *
 * @param options.unfinishedMove whether the database can be the target of a move that has not finished
 * @throws NewerSchema if a newer program has migrated the database
 * @throws UnfinishedMove
 */
export async function connectDatabase(
  uri: string,
  dbName = databaseName(uri),
  { unfinishedMove = false } = {},
): Promise<void> {
  const given = [...new ConnectionString(uri).searchParams.keys()].map((name) => name.toLowerCase())
  const others = Object.entries(OPTIONS).filter(([name]) => !given.includes(name.toLowerCase()))
  await mongoose.connect(uri, { ...Object.fromEntries(others), dbName })
  const client = mongoose.connection.getClient()
  failClosedWrites(client)
  measureCommands(client)
  reconnectSoon(client)
  try {
    await refuseNewerSchema()
    if (!unfinishedMove) await refuseUnfinishedMove()
  } catch (error) {
    await disconnectDatabase()
    throw error
  }
}

/**
 * Repeats work until the database and the store can be reached, or until the signal aborts.
 *
 * @throws errors that a retry cannot resolve
 */
export async function whenReachable(
  work: () => Promise<void>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted) return
      if (!isTemporary(error)) throw error
      log.error(reasonOf(error), 'the database or the store is not ready; trying again')
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}

/** Returns what is wrong, for the log: an error for clients does not contain the message of its cause. */
function reasonOf(error: Error): { reason: string; fault?: string } {
  const fault = asAppError(error)?.fault
  const reason = (error.cause instanceof Error ? error.cause : error).message
  return { reason, ...(fault !== undefined && { fault }) }
}

/** Returns whether a retry can succeed. */
function isTemporary(error: unknown): error is Error {
  if (error instanceof mongo.MongoParseError || error instanceof mongo.MongoInvalidArgumentError) return false
  // unavailable or full
  if (error instanceof AppError) return error.status === 503 || error.status === 507
  if (error instanceof mongo.MongoError || error instanceof MongooseError) return true
  return error instanceof Error && (isDnsFailure(error) || fromDatabase(error)?.status === 503)
}

export async function disconnectDatabase(): Promise<void> {
  await mongoose.disconnect()
}

export const databaseName = (uri: string) =>
  decodeURIComponent(new ConnectionString(uri).pathname.slice(1)) || DATABASE
