import type { SearchForm } from '../../../models/search-form.ts'
import { pendingDeletion } from './0001-pending-deletion.ts'
import { events } from './0002-events.ts'
import { keys } from './0003-keys.ts'
import { sessions } from './0004-sessions.ts'
import { nfc } from './0005-nfc.ts'
import { find } from './0006-find.ts'
import { emails } from './0007-emails.ts'
import type { Migration } from './migration.ts'

/**
 * All migrations, oldest first. The schema version of a database is the number of migrations that it has completed.
 * Only append new ones. Never change or remove one that was released.
 */
export const MIGRATIONS: readonly Migration[] = [pendingDeletion, events, keys, sessions, nfc, find, emails]

const versionAfter = (migration: Migration) => MIGRATIONS.indexOf(migration) + 1

/** Returns the form that all assets have in a database of a schema version. */
export function searchFormOf(version: number): SearchForm {
  // until then, some keys of tags are not as `tagKey` folds them
  if (version < versionAfter(nfc)) return 'fields'
  return version < versionAfter(find) ? 'keys' : 'words'
}

/** The schema version that this program writes. It can read this version and the previous one. */
export const NEWEST_VERSION = MIGRATIONS.length
