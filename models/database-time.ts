import mongoose from 'mongoose'

/** How long the offset to the clock of the database is used, in milliseconds. */
const REFRESH_MS = 60_000

/** Returns the time of the database's clock. Not every engine supports `$$NOW` in a filter. */
export async function databaseTime(): Promise<Date> {
  const { localTime } = await mongoose.connection.getClient().db('admin').command({ hello: 1 })
  return localTime
}

/** A time of the database's clock, and the monotonic time of this process when it was read. */
interface Reading {
  client: unknown
  databaseMs: number
  monotonicMs: number
}

let last: Reading | undefined
let reading: Promise<Reading> | undefined

/**
 * Returns the time of the database's clock without a request: by the offset of this process to it, which is read again
 * once a minute in the background. The clocks of processes can differ; times that several of them compare are of the
 * database's clock.
 */
export async function databaseNow(): Promise<Date> {
  const client = mongoose.connection.getClient()
  const isKnown = last?.client === client
  if (!isKnown || performance.now() - Number(last?.monotonicMs) > REFRESH_MS) {
    reading ??= read(client).finally(() => {
      reading = undefined
    })
    if (isKnown) reading.catch(() => undefined)
    else await reading
  }
  if (!last) throw new Error('the time of the database is not known')
  return new Date(last.databaseMs + performance.now() - last.monotonicMs)
}

async function read(client: unknown): Promise<Reading> {
  const begun = performance.now()
  const databaseMs = (await databaseTime()).getTime()
  last = { client, databaseMs, monotonicMs: (begun + performance.now()) / 2 }
  return last
}
