import mongoose, { type mongo } from 'mongoose'

/** Callbacks of a running migration. */
export interface MigrationContext {
  /** Call it before each batch. @throws LeaseLost when another process has taken over */
  checkpoint: () => void
  /** Reports the progress to the operator, in one line. */
  report: (line: string) => void
}

/**
 * One step from a schema version to the next. The service can be running. After a crash the step starts again from its
 * beginning, so every batch must be safe to repeat. It uses collections, not models, because models change later.
 */
export interface Migration {
  name: string
  up(context: MigrationContext): Promise<unknown>
}

const BATCH = 500
const REPORT_EVERY = 10_000

/** Returns a collection of the connected database. */
export const collectionOf = <T extends mongo.Document>(name: string): mongo.Collection<T> =>
  mongoose.connection.getClient().db(mongoose.connection.name).collection<T>(name)

/**
 * Changes documents in batches, in the order of their ids. Returns their number.
 *
 * @param pending matches the documents that the change has not reached yet, so that a repeated run skips the others
 */
export async function changeInBatches<T extends { _id: mongo.ObjectId }>(
  name: string,
  pending: mongo.Filter<T>,
  change: (batch: mongo.WithId<T>[], collection: mongo.Collection<T>) => Promise<void>,
  { checkpoint, report }: MigrationContext,
): Promise<number> {
  const collection = collectionOf<T>(name)
  let filter = pending
  let changed = 0
  for (;;) {
    checkpoint()
    const batch = await collection.find(filter).sort({ _id: 1 }).limit(BATCH).toArray()
    const last = batch.at(-1)
    if (!last) break
    await change(batch, collection)
    changed += batch.length
    if (changed % REPORT_EVERY === 0) report(`${name}: ${changed} documents changed.`)
    filter = { $and: [pending, { _id: { $gt: last._id } }] } as mongo.Filter<T>
  }
  report(`${name}: ${changed} documents changed.`)
  return changed
}
