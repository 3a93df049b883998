import { setTimeout as delay } from 'node:timers/promises'
import mongoose from 'mongoose'
import type { Logger } from 'pino'
import './models.ts'

mongoose.set('autoIndex', false)
mongoose.set('autoCreate', false)
mongoose.set('bufferCommands', false)
mongoose.set('strictQuery', 'throw')

const OPTIONS: mongoose.ConnectOptions = {
  appName: 'kura',
  writeConcern: { w: 'majority' },
  serverSelectionTimeoutMS: 5000,
  socketTimeoutMS: 30_000,
  maxPoolSize: 50,
  waitQueueTimeoutMS: 10_000,
}

/** Connects every model to the database of the address, `kura` where it names none. */
export async function connectDatabase(uri: string, dbName = databaseName(uri)): Promise<void> {
  await mongoose.connect(uri, { ...OPTIONS, dbName })
}

/** Connects as soon as the database can be reached, however long that takes. */
export async function connectEventually(uri: string, log: Logger, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await connectDatabase(uri)
    } catch (error) {
      log.error({ err: error }, 'the database cannot be reached; trying again')
      await delay(2000, undefined, { signal })
    }
  }
}

/** Builds the indexes that the models declare and drops those they no longer do. */
export async function syncIndexes(): Promise<void> {
  for (const model of Object.values(mongoose.models)) {
    await model.createCollection()
    await model.syncIndexes()
  }
}

export async function disconnectDatabase(): Promise<void> {
  await mongoose.disconnect()
}

function databaseName(uri: string): string {
  return new URL(uri.replace(/^mongodb(\+srv)?:/, 'http:').replace(/,[^/]*/, '')).pathname.slice(1) || 'kura'
}
