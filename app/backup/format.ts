import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { FORMER_ACTIVITIES } from '../../models/event.ts'
import { NEWEST_VERSION } from '../maintenance/migrations/migrations.ts'

/**
 * A backup is a folder of `manifest.json`, a `.jsonl` file of documents for each collection, and `objects.jsonl`, which
 * lists the objects. With the objects included, they are below `objects/` under their keys. `manifest.json` is written
 * last: a folder without it is not a complete backup.
 */
export const MANIFEST = 'manifest.json'
/** Name of the manifest while it is written. */
export const UNFINISHED_MANIFEST = `${MANIFEST}.part`
/** Name of the list of objects and of the folder of objects. */
export const OBJECTS = 'objects'
/** Version of this format. */
export const FORMAT = 1

/**
 * Collections in a backup, in the order in which they are restored. Not included: sessions, because a restore must not
 * revive an ended session; uploads, idempotency keys, failed sign-ins and events that are no activities, because they are
 * temporary; usage sums and the words of all assets, because they are recomputed.
 */
export const COLLECTIONS = [
  'users',
  'assets',
  'fileSets',
  'links',
  'projects',
  FORMER_ACTIVITIES,
  'events',
] as const
type CollectionName = (typeof COLLECTIONS)[number]

/** Collections that backups of earlier releases do not have. */
type LaterCollection = 'events' | 'fileSets'

/** A `.jsonl` file and its checksum. */
export interface LinesFile {
  name: string
  lines: number
  sha256: string
}

/** One object in `objects.jsonl`; `size` in bytes. */
export interface ObjectEntry {
  key: string
  size: number
  sha256: string
}

export interface Manifest {
  format: typeof FORMAT
  createdAt: string
  /** Schema version of the documents; 0 if it is missing. */
  schemaVersion?: number
  /** Backups of earlier releases lack some. */
  collections: Record<Exclude<CollectionName, LaterCollection>, LinesFile> &
    Partial<Record<LaterCollection, LinesFile>>
  objects: LinesFile & { bytes: number; included: boolean }
}

/** A backup that cannot be made or restored, with the reason for the operator. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}

/** An object that is not the one that its document names. It is left out of a backup. */
export class DamagedObject extends BackupError {}

/** A backup or a restore that failed after it had begun. The message says what is left, and `cause` why it failed. */
export class UnfinishedWork extends BackupError {
  constructor(message: string, cause: unknown) {
    super(message, { cause })
  }
}

/** Returns the result of a change of the backup's folder. @throws BackupError when it fails, for example on a full disk */
export async function writing<T>(change: Promise<T>): Promise<T> {
  try {
    return await change
  } catch (error) {
    if (error instanceof BackupError || !(error instanceof Error)) throw error
    throw new BackupError(`The backup cannot be written: ${error.message}.`, { cause: error })
  }
}

export const fileOf = (name: string) => `${name}.jsonl`

/** Writes the manifest atomically. */
export async function writeManifest(dir: string, manifest: Manifest): Promise<void> {
  const temporary = join(dir, UNFINISHED_MANIFEST)
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, join(dir, MANIFEST))
  const folder = await open(dir, 'r')
  await folder.sync().finally(() => folder.close())
}

/**
 * Reads the manifest of a backup.
 *
 * @throws BackupError when it is missing, damaged, of another format or of a newer schema than this program supports
 */
export async function readManifest(dir: string): Promise<Manifest> {
  const text = await readFile(join(dir, MANIFEST), 'utf8').catch(() => {
    throw new BackupError(`${dir} has no ${MANIFEST}: it is not a backup, or the backup was interrupted.`)
  })
  const manifest = parse(text)
  if (manifest?.format !== FORMAT)
    throw new BackupError(`${MANIFEST} has a format that this version does not support.`)
  const { schemaVersion = 0 } = manifest
  if (schemaVersion > NEWEST_VERSION)
    throw new BackupError(
      `The backup has schema version ${schemaVersion}; this program supports versions up to ${NEWEST_VERSION}. Restore it with the release that made it.`,
    )
  return manifest
}

function parse(text: string): Manifest | null {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new BackupError(`${MANIFEST} is damaged.`, { cause: error })
  }
}
