import mongoose, { type mongo } from 'mongoose'
import { assetsWithLock, objectsOf } from '../../models/asset-objects.ts'
import { Capacity } from '../../models/capacity.ts'
import { Installation } from '../../models/installation.ts'
import { SchemaVersion } from '../../models/schema-version.ts'
import type { AssetContext } from '../context.ts'
import { syncIndexes } from '../maintenance/indexes.ts'
import { type MigrationLease, withMigrationLease } from '../maintenance/migrations/lease.ts'
import { firstFilledCollection } from '../maintenance/migrations/schema.ts'
import { reconcile } from '../maintenance/reconcile.ts'
import { refuseForeignStore, takeOverStore } from '../storage/store-owner.ts'
import { copyIn } from './copy-objects.ts'
import { BackupError, COLLECTIONS, type Manifest } from './format.ts'
import { readDocuments, readEntries } from './lines.ts'
import { verifyBackup } from './verify.ts'

const BATCH = 500

interface Options {
  /** Removes what the database has first; else that must be nothing. */
  replace: boolean
  /** Takes over a store that belongs to another database; else such a store is refused. */
  takeStore?: boolean
  /** Of everybody's space together, in bytes. */
  serverLimit: number
}

/**
 * Puts a backup back. All of it is verified before anything is changed; objects come before the documents that name
 * them, and in the end the space of every account is recounted. The database gets a new id, and the store carries
 * it.
 *
 * @throws BackupError when the backup is not whole, or the database is not empty
 * @throws ForeignStoreError when the store belongs to another database
 */
export async function restore(
  context: Pick<AssetContext, 'store'>,
  dir: string,
  { replace, takeStore: takesStore = false, serverLimit }: Options,
): Promise<Manifest> {
  const { store } = context
  if (!takesStore) await refuseForeignStore(store)
  const manifest = await verifyBackup(store, dir)
  await withMigrationLease((lease) => putBack(context, dir, manifest, { replace, serverLimit, lease }))
  return manifest
}

/** Replaces the documents while no migration can run. */
async function putBack(
  { store }: Pick<AssetContext, 'store'>,
  dir: string,
  manifest: Manifest,
  { replace, serverLimit, lease }: Pick<Options, 'replace' | 'serverLimit'> & { lease: MigrationLease },
): Promise<void> {
  if (replace) await emptyDatabase()
  else await assertEmpty()
  await lease.setVersion(manifest.schemaVersion ?? 0)
  await takeOverStore(store)
  await syncIndexes()
  if (manifest.objects.included)
    for await (const entry of readEntries(dir, manifest.objects)) await copyIn(store, dir, entry)
  for (const name of COLLECTIONS) await insert(name, readDocuments(dir, manifest.collections[name]))
  for await (const asset of assetsWithLock())
    await store.protect(
      objectsOf(asset).map(({ key }) => key),
      asset.lock,
    )
  await Capacity.ensure(serverLimit)
  const corrections = reconcile({ fix: true, before: new Date() })
  while (!(await corrections.next()).done);
}

async function assertEmpty(): Promise<void> {
  const name = await firstFilledCollection()
  if (name) throw new BackupError(`The database is not empty, it has ${name}: --replace removes what it has.`)
}

async function emptyDatabase(): Promise<void> {
  const kept = [Capacity, Installation, SchemaVersion].map(({ collection }) => collection.name)
  for (const { collection } of Object.values(mongoose.models))
    if (!kept.includes(collection.name)) await collection.deleteMany({})
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
