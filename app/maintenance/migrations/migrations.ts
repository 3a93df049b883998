import { pendingDeletion } from './0001-pending-deletion.ts'
import { events } from './0002-events.ts'
import { keys } from './0003-keys.ts'
import { sessions } from './0004-sessions.ts'
import { nfc } from './0005-nfc.ts'
import type { Migration } from './migration.ts'

/**
 * All migrations, oldest first. The schema version of a database is the number of migrations that it has completed.
 * Only append new ones. Never change or remove one that was released.
 */
export const MIGRATIONS: readonly Migration[] = [pendingDeletion, events, keys, sessions, nfc]

/** The schema version from which all assets have their keys, with the keys of tags as `tagKey` folds them. */
export const KEYS_VERSION = MIGRATIONS.indexOf(nfc) + 1

/** The schema version that this program writes. It can read this version and the previous one. */
export const NEWEST_VERSION = MIGRATIONS.length
