import mongoose from 'mongoose'

/** Returns the time of the database's clock. Not every engine supports `$$NOW` in a filter. */
export async function databaseTime(): Promise<Date> {
  const { localTime } = await mongoose.connection.getClient().db('admin').command({ hello: 1 })
  return localTime
}
