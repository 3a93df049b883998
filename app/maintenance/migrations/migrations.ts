/** What a migration works with. */
export interface MigrationContext {
  /** Call it before each batch. @throws LeaseLost when another process has taken over */
  checkpoint: () => void
  /** Tells the operator about the progress, in one line. */
  report: (line: string) => void
}

/**
 * One step from a schema version to the next. It runs beside the service, and from its start again after a crash:
 * every batch must be safe to repeat.
 */
export interface Migration {
  name: string
  up(context: MigrationContext): Promise<void>
}

/**
 * All migrations, oldest first. The schema version of a database is the number of them that it has. Append new ones
 * only. Never change or remove one that was released.
 */
export const MIGRATIONS: readonly Migration[] = []

/** The schema version that this program writes. It reads this one and the one before it. */
export const NEWEST_VERSION = MIGRATIONS.length
