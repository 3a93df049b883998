import type { Types } from 'mongoose'
import type { SettledRemovals } from './settled-removals.ts'

/** A reservation of an upload. In a user's ledger it is the record of the upload too, written before its first byte. */
export interface NewEntry {
  id: string
  bytes: number
  /** The part of `bytes` that the upload possibly does not need. */
  slack: number
  /** Number of reserved files; undefined for none. */
  files?: number
  /** The asset that the upload creates or changes. Only in a user's ledger. */
  asset?: Types.ObjectId
  /** Whether the upload creates the asset. Only in a user's ledger. */
  createsAsset?: boolean
  /** The user whose ledger has the record. Only in the server's ledger. */
  owner?: Types.ObjectId
}

/** A reservation with times of the database's clock. */
export interface OpenEntry extends NewEntry {
  /** When it was opened. */
  at: Date
  /** The last heartbeat of the upload. Only current in a user's ledger. */
  heartbeatAt?: Date
}

/** Limits of a ledger: bytes and number of files. */
export interface Quota {
  limit: number
  fileLimit: number
}

/**
 * The ledger of a user or of the server, in bytes and numbers of files. `used + reserved` never exceeds `limit`, and
 * `files + reservedFiles` never exceeds `fileLimit`. For a limit that is null or undefined, callers pass a default.
 */
export interface Space {
  limit: number | null
  fileLimit?: number | null
  used: number
  reserved: number
  files: number
  reservedFiles?: number
  revision: number
  /** Running uploads, in the order in which they began. */
  uploads: OpenEntry[]
  /** Open entries of earlier releases, which have their upload records in the collection `uploads`. */
  open: OpenEntry[]
  /** The counted removals, by the id of their process; see `settled-removals.ts`. */
  settled?: Record<string, SettledRemovals>
}

/** Returns a ledger as it was stored, with the lists that a ledger of an earlier release does not have. */
export const withLists = (space: Space): Space => ({
  ...space,
  uploads: space.uploads ?? [],
  open: space.open ?? [],
})

/** Returns all open entries of a ledger, the oldest first. */
export const entriesOf = ({ open, uploads }: Pick<Space, 'open' | 'uploads'>): OpenEntry[] => [
  ...open,
  ...uploads,
]

/** Returns the limits of a ledger. */
export const quotaOf = (
  { limit, fileLimit }: Pick<Space, 'limit' | 'fileLimit'>,
  defaults: Quota,
): Quota => ({
  limit: limit ?? defaults.limit,
  fileLimit: fileLimit ?? defaults.fileLimit,
})

/** The bytes and files that a settled entry adds to the usage; negative for a deletion. */
export interface Settlement {
  bytes: number
  files: number
}

/** The usage computed from the stored objects, and the ids of the orphaned entries. */
export interface ActualUsage extends Settlement {
  orphans: string[]
}

/** The state of a ledger's owner, which changes of the ledger return. The server's ledger has none of it. */
export interface OwnerState {
  location?: string | null
  disabled?: boolean
  deleting?: boolean
}

/** Returns the bytes and files that entries reserve. @param without ids of entries to leave out */
export function reservedBy(
  entries: readonly Pick<OpenEntry, 'id' | 'bytes' | 'files'>[],
  without: readonly string[] = [],
): Settlement {
  const sum = { bytes: 0, files: 0 }
  for (const { id, bytes, files = 0 } of entries) {
    if (without.includes(id)) continue
    sum.bytes += bytes
    sum.files += files
  }
  return sum
}
