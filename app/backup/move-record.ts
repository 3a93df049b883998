import mongoose, { type mongo } from 'mongoose'

/** Collection of the target of a move. It has one document, the record of the move. */
export const MOVE_COLLECTION = 'move'
export const MOVE_ID = 'move'

/** A move of a whole database into this one by `npm run db:move`. */
interface MoveRecord {
  _id: string
  /** Installation id of the source, which this database takes over. */
  source: string
  state: 'copying' | 'complete'
  /** Names of the collections that were created so far. */
  collections: string[]
  startedAt: Date
}

/** The database is the target of a move that was interrupted, so documents are missing. */
export class UnfinishedMove extends Error {
  override readonly name = 'UnfinishedMove'

  constructor() {
    super(
      'The database is the target of `npm run db:move`, which has not finished. Run the command again with the same address to continue.\n' +
        'Until then, start the service with the old database. To give up the move, drop the new database.',
    )
  }
}

export const moveRecords = (db: Pick<mongo.Db, 'collection'>) => db.collection<MoveRecord>(MOVE_COLLECTION)

/** @throws UnfinishedMove when the connected database, or the given one, does not have all documents yet */
export async function refuseUnfinishedMove(db: Pick<mongo.Db, 'collection'> = connected()): Promise<void> {
  const record = await moveRecords(db).findOne({ _id: MOVE_ID })
  if (record?.state === 'copying') throw new UnfinishedMove()
}

function connected(): mongo.Db {
  const { db } = mongoose.connection
  if (!db) throw new Error('the database is not connected')
  return db
}
