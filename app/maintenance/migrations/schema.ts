import mongoose from 'mongoose'
import { FORMER_ACTIVITIES } from '../../../models/event.ts'
import { SchemaVersion } from '../../../models/schema-version.ts'
import { NEWEST_VERSION } from './migrations.ts'

/** The database was migrated by a newer program. This one would misread its documents. */
export class NewerSchema extends Error {
  override readonly name = 'NewerSchema'

  constructor(version: number, newest: number) {
    super(
      `The database has schema version ${version}; this program supports versions up to ${newest}. ` +
        'Use the release that migrated the database, or restore an older backup into an empty database (see UPGRADING.md).',
    )
  }
}

/** @throws NewerSchema */
export async function refuseNewerSchema(newest = NEWEST_VERSION): Promise<void> {
  const version = (await SchemaVersion.current()) ?? 0
  if (version > newest) throw new NewerSchema(version, newest)
}

/** Returns the schema version. A database without documents gets the newest version. */
export async function schemaVersion(newest = NEWEST_VERSION): Promise<number> {
  const recorded = await SchemaVersion.current()
  if (recorded !== null) return recorded
  if (await firstFilledCollection()) return 0
  await SchemaVersion.record(newest)
  return (await SchemaVersion.current()) ?? newest
}

/** Collections that have documents in every database that is in use. */
const USED = ['users', 'assets', 'links', 'projects', FORMER_ACTIVITIES, 'events', 'uploads']

/** Returns the name of a collection that has documents; null when the database is empty. */
export async function firstFilledCollection(): Promise<string | null> {
  for (const name of USED) if (await mongoose.connection.collection(name).findOne()) return name
  return null
}
