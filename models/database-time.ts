import mongoose from 'mongoose'

/** The time by the clock of the database: not every engine knows `$$NOW` in a filter. */
export async function databaseTime(): Promise<Date> {
  const { localTime } = await mongoose.connection.getClient().db('admin').command({ hello: 1 })
  return localTime
}
