/**
 * A backup is a folder: `manifest.json`, written last, so that without it there is no backup; a file of documents for
 * each collection and `objects.jsonl`, one line each; and below `objects/` the objects themselves, where they are
 * part of it, by their keys.
 */
export const MANIFEST = 'manifest.json'
export const OBJECTS = 'objects'
export const FORMAT = 1

/**
 * What is kept of the database, in the order in which it is put back. Not kept: sessions, for one that has been
 * ended must not come back; unfinished uploads, attempts and events, which are over; sums, which are recounted.
 */
export const COLLECTIONS = ['users', 'assets', 'links', 'projects', 'activities'] as const
export type CollectionName = (typeof COLLECTIONS)[number]

/** A file of lines, and what it must be. */
export interface LinesFile {
  name: string
  lines: number
  sha256: string
}

/** One object as `objects.jsonl` has it; `size` in bytes. */
export interface ObjectEntry {
  key: string
  size: number
  sha256: string
}

export interface Manifest {
  format: typeof FORMAT
  createdAt: string
  /** The schema version of the documents; missing is 0. */
  schemaVersion?: number
  collections: Record<CollectionName, LinesFile>
  objects: LinesFile & { bytes: number; included: boolean }
}

/** A backup that is not whole, or not what it was: it cannot be put back. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}

export const fileOf = (name: string) => `${name}.jsonl`
