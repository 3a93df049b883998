import mongoose, { mongo } from 'mongoose'
import { changeInBatches, collectionOf, type Migration } from './migration.ts'

interface StoredActivity {
  _id: mongo.ObjectId
  address?: string | null
  userAgent?: string | null
}

/** Code of the error for a collection that does not exist. */
const NAMESPACE_NOT_FOUND = 26

/**
 * Moves `activities` to `events`, which is also the log of changes, and drops `activities` and `changes`. Processes of
 * the previous release create both again: the next release repeats the migration.
 */
export const events: Migration = {
  name: '0002-events',
  async up(context) {
    while ((await changeInBatches<StoredActivity>('activities', {}, moveActivities, context)) > 0);
    for (const name of ['activities', 'changes']) await drop(name)
  },
}

async function moveActivities(
  activities: StoredActivity[],
  former: mongo.Collection<StoredActivity>,
): Promise<void> {
  const copies = collectionOf<StoredActivity>('events')
  await copies.bulkWrite(
    activities.map(({ _id, ...fields }) => ({
      updateOne: { filter: { _id }, update: { $setOnInsert: fields }, upsert: true },
    })),
    { ordered: false },
  )
  // An account can be deleted meanwhile, with its activities: first in `activities`, then in `events`.
  const left = await former.find({ _id: { $in: activities.map(({ _id }) => _id) } }).toArray()
  const leftIds = left.map(({ _id }) => _id)
  const known = new Set(leftIds.map(String))
  const deleted = activities.flatMap(({ _id }) => (known.has(String(_id)) ? [] : _id))
  const anonymous = left.filter(({ address, userAgent }) => !address && !userAgent).map(({ _id }) => _id)
  await copies.deleteMany({ _id: { $in: deleted } })
  await copies.updateMany({ _id: { $in: anonymous } }, { $set: { address: null, userAgent: null } })
  await former.deleteMany({ _id: { $in: leftIds } })
}

async function drop(name: string): Promise<void> {
  try {
    await mongoose.connection.dropCollection(name)
  } catch (error) {
    if (!(error instanceof mongo.MongoServerError && error.code === NAMESPACE_NOT_FOUND)) throw error
  }
}
