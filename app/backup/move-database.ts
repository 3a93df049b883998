import { createHash, randomUUID } from 'node:crypto'
import mongoose, { mongo } from 'mongoose'
import { IndexRecord } from '../../models/index-record.ts'
import { syncIndexes } from '../maintenance/indexes.ts'
import { NEWEST_VERSION } from '../maintenance/migrations/migrations.ts'
import { NewerSchema } from '../maintenance/migrations/schema.ts'
import { MOVE_COLLECTION, MOVE_ID, moveRecords, refuseUnfinishedMove } from './move-record.ts'

const { calculateObjectSize, serialize } = mongo.BSON

/** Most documents that are inserted at once, and most bytes. */
const BATCH = 500
const BATCH_BYTES = 8_000_000
/** Documents between two reports of the progress. */
const REPORT_EVERY = 50_000

/** Keeps the BSON types of numbers, so that a copy is the same document. */
const UNCHANGED = { promoteValues: false, bsonRegExp: true } as const

/** A database that cannot be moved, with the reason for the operator. */
export class MoveError extends Error {
  override readonly name = 'MoveError'
}

interface MoveOptions {
  /** The database to move. No other process may change it meanwhile. */
  source: mongo.Db
  /** When and where the source was moved before; null if it was not. */
  moved: { to: string; at: string } | null
  /** Name of the target in messages, without secrets. */
  targetName: string
  /** Called with each line of the progress. */
  report: (line: string) => void
  /** Marks the source as moved. Called when the target has everything, before a service can start on the target. */
  markMoved: () => Promise<void>
}

interface MoveResult {
  collections: number
  documents: number
  schemaVersion: number
}

/**
 * Moves all documents of a database into the empty database that the models are connected to, compares counts and
 * checksums, and builds the indexes. The target keeps the id of the source, so the store belongs to it. A move that was
 * interrupted is continued: documents are inserted in the order of their ids, so the copied ones are the first ones. If
 * the source was changed since then, the checksums differ, and the collection is copied again.
 *
 * @throws MoveError when the target is not empty, is the source, or differs from it after the copy
 * @throws UnfinishedMove, NewerSchema when the source cannot be moved
 */
export async function moveDatabase(options: MoveOptions): Promise<MoveResult> {
  const { source, report, markMoved } = options
  const { db: target } = mongoose.connection
  if (!target) throw new Error('the target is not connected')
  await refuseUnfinishedMove(source)
  const schemaVersion = await schemaVersionOf(source)
  if (schemaVersion > NEWEST_VERSION) throw new NewerSchema(schemaVersion, NEWEST_VERSION)

  await begin(target, options)
  const names = await collectionsOf(source)
  await dropRemoved(target, names)
  let documents = 0
  for (const name of names) {
    await moveRecords(target).updateOne({ _id: MOVE_ID }, { $addToSet: { collections: name } })
    const count = await moveCollection(source.collection(name), target.collection(name), report)
    report(`${name}: ${count} documents.`)
    documents += count
  }
  report('Building the indexes.')
  await syncIndexes()
  await markMoved()
  await moveRecords(target).updateOne({ _id: MOVE_ID }, { $set: { state: 'complete' } })
  return { collections: names.length, documents, schemaVersion }
}

/** Creates the record of this move in the target, or finds that of the interrupted one. @throws MoveError */
async function begin(target: mongo.Db, { source, moved, targetName }: MoveOptions): Promise<void> {
  const id = await installationId(source)
  const found = await moveRecords(target).findOne({ _id: MOVE_ID })
  if (found?.source === id && found.state === 'complete')
    throw new MoveError(
      `This database was already moved to ${targetName}. Set MONGODB_URI to it, or name an empty database.`,
    )
  if (moved && found?.source !== id)
    throw new MoveError(
      `This database was already moved to ${moved.to} at ${moved.at}. To move it again, delete moved.json in its folder.`,
    )
  const own = await installations(target).findOne({ _id: INSTALLATION })
  if (!found && own?.id === id)
    throw new MoveError(
      `${targetName} is the database that should be moved, or a copy of it. Name another one.`,
    )
  if (!found) await prepareEmpty(target, await collectionsOf(source), targetName)
  else if (found.source !== id)
    throw new MoveError(`${targetName} is the target of a move of another database. Name an empty database.`)
  await moveRecords(target).updateOne(
    { _id: MOVE_ID, source: id },
    { $setOnInsert: { state: 'copying', collections: [], startedAt: new Date() } },
    { upsert: true },
  )
}

/** Removes empty collections, also those that `npm run db:indexes` has made: their indexes could remove expired documents during the move. @throws MoveError */
async function prepareEmpty(target: mongo.Db, names: string[], targetName: string): Promise<void> {
  const present = await collectionsOf(target)
  for (const name of present)
    if (name !== IndexRecord.collection.name && (await target.collection(name).findOne()))
      throw new MoveError(
        `${targetName} is not empty: it has documents in ${name}. Drop that database, or name another one.`,
      )
  for (const name of present.filter((name) => names.includes(name))) await target.dropCollection(name)
}

/** Drops collections that an interrupted run copied and that the source no longer has. */
async function dropRemoved(target: mongo.Db, names: string[]): Promise<void> {
  const { collections = [] } = (await moveRecords(target).findOne({ _id: MOVE_ID })) ?? {}
  for (const name of collections.filter((name) => !names.includes(name))) await target.dropCollection(name)
}

type Collection = mongo.Collection

/** Copies a collection and returns the number of its documents. @throws MoveError when the copy differs */
async function moveCollection(
  from: Collection,
  to: Collection,
  report: (line: string) => void,
): Promise<number> {
  await copy(from, to, report)
  const expected = await digest(from)
  if (isSame(await digest(to), expected)) return expected.count
  await to.drop()
  await copy(from, to, report)
  const copied = await digest(to)
  if (isSame(copied, expected)) return expected.count
  throw new MoveError(
    `The copy of ${from.collectionName} differs from its source: ${copied.count} documents instead of ${expected.count}, or a different checksum. ` +
      'Stop all programs that use the new database, drop it, and run the command again.',
  )
}

/** Copies the documents that are missing, in the order of their ids. */
async function copy(from: Collection, to: Collection, report: (line: string) => void): Promise<void> {
  let copied = await to.countDocuments()
  let batch: mongo.Document[] = []
  let bytes = 0
  const insert = async () => {
    if (batch.length > 0) await to.insertMany(batch, { ordered: true })
    const before = copied
    copied += batch.length
    if (Math.floor(copied / REPORT_EVERY) > Math.floor(before / REPORT_EVERY))
      report(`${from.collectionName}: ${copied} documents so far.`)
    batch = []
    bytes = 0
  }
  for await (const document of from.find({}, UNCHANGED).sort({ _id: 1 }).skip(copied).batchSize(BATCH)) {
    batch.push(document)
    bytes += calculateObjectSize(document)
    if (batch.length >= BATCH || bytes >= BATCH_BYTES) await insert()
  }
  await insert()
}

interface Digest {
  count: number
  /** XOR of the SHA-256 of all documents, so that their order does not matter. */
  checksum: Buffer
}

async function digest(collection: Collection): Promise<Digest> {
  const checksum = Buffer.alloc(32)
  let count = 0
  for await (const { _id, ...fields } of collection.find({}, UNCHANGED).batchSize(BATCH)) {
    // A server can store the id before the other fields.
    const hash = createHash('sha256')
      .update(serialize({ _id, ...fields }))
      .digest()
    for (let n = 0; n < checksum.length; n++) checksum[n] = (checksum[n] ?? 0) ^ (hash[n] ?? 0)
    count++
  }
  return { count, checksum }
}

const isSame = (one: Digest, other: Digest) =>
  one.count === other.count && one.checksum.equals(other.checksum)

/** Returns the names of all collections except the record of a move. */
async function collectionsOf(db: mongo.Db): Promise<string[]> {
  const found = await db.listCollections({}, { nameOnly: true }).toArray()
  return found
    .map(({ name }) => name)
    .filter((name) => name !== MOVE_COLLECTION && !name.startsWith('system.'))
    .sort()
}

async function schemaVersionOf(db: mongo.Db): Promise<number> {
  const found = await db.collection<{ _id: string; version: number }>('schema').findOne({ _id: 'schema' })
  return Number(found?.version ?? 0)
}

const INSTALLATION = 'installation'
const installations = (db: mongo.Db) => db.collection<{ _id: string; id: string }>('installation')

/** Returns the installation id of the source. Creates one if no service has used a store with it. */
async function installationId(db: mongo.Db): Promise<string> {
  const _id = INSTALLATION
  await installations(db).updateOne({ _id }, { $setOnInsert: { id: randomUUID() } }, { upsert: true })
  return String((await installations(db).findOne({ _id }))?.id)
}
