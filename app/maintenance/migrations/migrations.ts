import { pendingDeletion } from './0001-pending-deletion.ts'
import type { Migration } from './migration.ts'

/**
 * All migrations, oldest first. The schema version of a database is the number of them that it has. Append new ones
 * only. Never change or remove one that was released.
 */
export const MIGRATIONS: readonly Migration[] = [pendingDeletion]

/** The schema version that this program writes. It reads this one and the one before it. */
export const NEWEST_VERSION = MIGRATIONS.length
