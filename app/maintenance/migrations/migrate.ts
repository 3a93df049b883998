import { MigrationError, Umzug } from 'umzug'
import { SchemaVersion } from '../../../models/schema-version.ts'
import { LeaseLost, type MigrationLease, withMigrationLease } from './lease.ts'
import type { Migration, MigrationContext } from './migration.ts'
import { MIGRATIONS } from './migrations.ts'
import { refuseNewerSchema, schemaVersion } from './schema.ts'

interface Options extends Pick<MigrationContext, 'report'> {
  migrations?: readonly Migration[]
}

/**
 * Migrates the database to the newest schema version. The service can be running. Only one process migrates at a time;
 * others wait for it. After a crash the next run takes over when the lease has expired, and repeats the unfinished
 * migration.
 *
 * @returns the schema versions before and after
 * @throws NewerSchema, LeaseLost
 */
export async function migrate({
  report,
  migrations = MIGRATIONS,
}: Options): Promise<{ from: number; to: number }> {
  const to = migrations.length
  await refuseNewerSchema(to)
  const from = await schemaVersion(to)
  if (from < to)
    await withMigrationLease(
      (lease) => runPending(migrations, lease, report),
      () => report('Another process migrates or restores the database. Waiting for it.'),
    )
  return { from, to }
}

async function runPending(
  migrations: readonly Migration[],
  lease: MigrationLease,
  report: MigrationContext['report'],
): Promise<void> {
  const context: MigrationContext = { report, checkpoint: () => lease.assertHeld() }
  const names = migrations.map(({ name }) => name)
  const umzug = new Umzug({
    migrations: migrations.map(({ name, up }) => ({ name, up: () => up(context) })),
    storage: {
      executed: async () => names.slice(0, (await SchemaVersion.current()) ?? 0),
      logMigration: ({ name }) => lease.setVersion(names.indexOf(name) + 1),
      unlogMigration: ({ name }) => lease.setVersion(names.indexOf(name)),
    },
    logger: undefined,
  })
  umzug.on('migrating', ({ name }) => report(`Migration ${name} begins.`))
  umzug.on('migrated', ({ name }) => report(`Migration ${name} is complete.`))
  try {
    await umzug.up()
  } catch (error) {
    throw error instanceof MigrationError && error.cause instanceof LeaseLost ? error.cause : error
  }
}
