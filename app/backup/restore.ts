import mongoose, { type mongo } from 'mongoose'
import { assetsWithLock, objectsOf } from '../../models/asset-objects.ts'
import { Capacity } from '../../models/capacity.ts'
import { FORMER_ACTIVITIES } from '../../models/event.ts'
import { IndexRecord } from '../../models/index-record.ts'
import { Installation } from '../../models/installation.ts'
import { SchemaVersion } from '../../models/schema-version.ts'
import { storeAllTerms } from '../../models/term-writer.ts'
import type { AssetContext } from '../context.ts'
import { syncIndexes } from '../maintenance/indexes.ts'
import { type MigrationLease, withMigrationLease } from '../maintenance/migrations/lease.ts'
import { firstFilledCollection } from '../maintenance/migrations/schema.ts'
import { reconcile } from '../maintenance/reconcile.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { refuseForeignStore, takeOverStore } from '../storage/store-owner.ts'
import { parseObjectKey } from '../uploads/object-keys.ts'
import { copyIn } from './copy-objects.ts'
import { BackupError, COLLECTIONS, type Manifest, readManifest, UnfinishedWork } from './format.ts'
import { readDocuments, readEntries } from './lines.ts'
import { assertIntact } from './verify.ts'

/** Documents that are inserted at once. */
const BATCH = 500

interface Options {
  /** Empties the database first. Without it, a database that is not empty is refused. */
  replace: boolean
  /** Takes over a store that belongs to another database. Without it, such a store is refused. */
  takeStore?: boolean
  /** Capacity of the server in bytes: the usage of all users together. */
  serverLimit: number
}

/**
 * Restores a backup. Verifies all of it before it changes anything, restores objects before the documents that refer to
 * them, and recomputes the usage of every user at the end. The database gets a new id, and the store is marked with it.
 *
 * @throws BackupError when the backup is damaged, or the database is not empty
 * @throws UnfinishedWork when the restore fails after it has begun
 * @throws ForeignStoreError when the store belongs to another database
 */
export async function restore(
  context: Pick<AssetContext, 'store'>,
  dir: string,
  { replace, takeStore = false, serverLimit }: Options,
): Promise<Manifest> {
  const { store } = context
  if (!takeStore) await refuseForeignStore(store)
  const manifest = await readManifest(dir)
  await assertIntact(dir, manifest)
  if (!manifest.objects.included) await verifyStored(store, dir, manifest)
  await withMigrationLease((lease) => restoreAll(context, dir, manifest, { replace, serverLimit, lease }))
  return manifest
}

/** Restores objects and documents. The lease keeps migrations from running meanwhile. */
async function restoreAll(
  { store }: Pick<AssetContext, 'store'>,
  dir: string,
  manifest: Manifest,
  { replace, serverLimit, lease }: Pick<Options, 'replace' | 'serverLimit'> & { lease: MigrationLease },
): Promise<void> {
  if (replace) await emptyDatabase()
  else await assertEmpty()
  try {
    await insertAll(store, dir, manifest, { serverLimit, lease })
  } catch (error) {
    throw new UnfinishedWork(
      'The database has a part of the backup. Run the command again with --replace; until then start no service on it.',
      error,
    )
  }
}

async function insertAll(
  store: ObjectStore,
  dir: string,
  manifest: Manifest,
  { serverLimit, lease }: { serverLimit: number; lease: MigrationLease },
): Promise<void> {
  await lease.setVersion(manifest.schemaVersion ?? 0)
  await takeOverStore(store)
  await syncIndexes()
  if (manifest.objects.included)
    for await (const entry of readEntries(dir, manifest.objects)) await copyIn(store, dir, entry)
  for (const name of COLLECTIONS) {
    const file = manifest.collections[name]
    if (file) await insert(name, readDocuments(dir, file))
  }
  await storeAllTerms()
  for await (const asset of assetsWithLock())
    await store.protect(
      objectsOf(asset).map(({ key }) => key),
      asset.lock,
    )
  await Capacity.setLimit(serverLimit)
  const corrections = reconcile({ fix: true, before: new Date() })
  while (!(await corrections.next()).done);
}

async function assertEmpty(): Promise<void> {
  const name = await firstFilledCollection()
  if (name)
    throw new BackupError(
      `The database is not empty, it has ${name}. To delete its documents first, use --replace.`,
    )
}

async function emptyDatabase(): Promise<void> {
  const kept = [Capacity, IndexRecord, Installation, SchemaVersion].map(({ collection }) => collection.name)
  const names = Object.values(mongoose.models).map(({ collection }) => collection.name)
  for (const name of [...names, FORMER_ACTIVITIES])
    if (!kept.includes(name)) await mongoose.connection.collection(name).deleteMany({})
}

async function insert(name: string, documents: AsyncIterable<mongo.Document>): Promise<void> {
  const collection = mongoose.connection.collection(name)
  let batch: mongo.Document[] = []
  for await (const document of documents) {
    batch.push(document)
    if (batch.length < BATCH) continue
    await collection.insertMany(batch)
    batch = []
  }
  if (batch.length > 0) await collection.insertMany(batch)
}

/** @throws BackupError when objects that a backup does not include are not in the store with the same size */
async function verifyStored(store: ObjectStore, dir: string, { objects }: Manifest): Promise<void> {
  let location: string | undefined
  let stored = new Map<string, number>()
  let missing = 0
  let first = ''
  // the backup lists the objects of one user one after another, so each user's objects are listed once
  for await (const { key, size } of readEntries(dir, objects)) {
    const own = parseObjectKey(key)?.location
    if (own !== location) {
      location = own
      stored = new Map()
      for await (const object of store.list(`${own}/`)) stored.set(object.key, object.size)
    }
    if (stored.get(key) === size) continue
    if (missing++ === 0) first = key
  }
  if (missing > 0)
    throw new BackupError(
      `${missing} objects are not in the store, for example ${first}. Restore them first from the versions in the bucket.`,
    )
}
