import { type Model, type QueryFilter, Schema, type Types } from 'mongoose'
import { retryChange } from './optimistic.ts'
import { type Finished, type RemovalNumber, removalUpdate, type SettledRemovals } from './settled-removals.ts'

/** A reservation of an upload or a deletion. */
export interface NewEntry {
  id: string
  bytes: number
  /** The part of `bytes` that the upload possibly does not need. */
  slack: number
  /** Number of reserved files; undefined for none. */
  files?: number
}

/** Limits of a ledger: bytes and number of files. */
export interface Quota {
  limit: number
  fileLimit: number
}

/** A reservation with the time when it was opened. */
export interface OpenEntry extends NewEntry {
  at: Date
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
  open: OpenEntry[]
  /** The counted removals, by the id of their process; see `settled-removals.ts`. */
  settled?: Record<string, SettledRemovals>
}

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

type Id = Types.ObjectId | string

/** The usage computed from the stored objects, and the ids of the orphaned entries. */
export interface ActualUsage extends Settlement {
  orphans: string[]
}

export interface LedgerStatics {
  /**
   * Opens an entry. Returns false when its bytes or files do not fit, it is open already, or the document takes no
   * reservations.
   *
   * @param bounds `least`: bytes that must be free besides the used ones; can be more than the bytes of the entry;
   *   `freeFiles`: number of files that must be free if the entry has any; `mostOpen`: largest number of open entries
   */
  reserve(
    owner: Id,
    entry: NewEntry,
    quota: Quota,
    bounds?: { least?: number; freeFiles?: number; mostOpen?: number },
  ): Promise<boolean>
  /**
   * Subtracts the space of deleted objects, once for each removal. Works in every state of the document.
   *
   * @param bounds `closed`: ids of entries of uploads that must be settled before; `finished`: removals of the same
   *   process that the ledger no longer needs to list
   * @returns false when the removal is subtracted already, one of these entries is open, or the document does not exist
   */
  settleRemoval(
    owner: Id,
    removal: RemovalNumber,
    settlement: Settlement,
    bounds?: { closed?: string[]; finished?: Finished },
  ): Promise<boolean>
  /** Forgets the counted removals of processes that have counted none since a time. */
  forgetRemovals(owner: Id, processes: string[], before: Date): Promise<void>
  /**
   * Adds bytes to an open entry. Returns false when they do not fit.
   *
   * @param slack how many of the added bytes are possibly not needed; the earlier bytes are all needed
   */
  extend(owner: Id, entry: string, bytes: number, quota: Quota, slack?: number): Promise<boolean>
  /** Adds files to an open entry. Returns false when they do not fit. */
  extendFiles(owner: Id, entry: string, files: number, quota: Quota): Promise<boolean>
  /** Reduces an open entry to `to` bytes without slack. Returns false when it does not have `from` bytes any more. */
  shrink(owner: Id, entry: string, change: { from: number; to: number }): Promise<boolean>
  /** Closes an entry and adds the settlement to the usage. Returns false when it is closed already. */
  settle(owner: Id, entry: string, settlement: Settlement): Promise<boolean>
  /** Corrects the sums and closes orphaned entries. Returns false when the ledger changed since it was read. */
  correct(owner: Id, read: Space, actual: ActualUsage): Promise<boolean>
  /** Returns the current ledger, or null if the document does not exist. */
  spaceOf(owner: Id): Promise<Space | null>
}

const count = { type: Number, required: true, default: 0 }

const fitsBeside = (addends: (string | number)[], { limit }: Quota) => ({
  $expr: { $lte: [{ $add: addends }, { $ifNull: ['$space.limit', limit] }] },
})

const fits = (bytes: number, quota: Quota) => fitsBeside(['$space.used', '$space.reserved', bytes], quota)

const filesFit = (files: number, { fileLimit }: Quota) => ({
  $expr: {
    $lte: [
      { $add: ['$space.files', { $ifNull: ['$space.reservedFiles', 0] }, files] },
      { $ifNull: ['$space.fileLimit', fileLimit] },
    ],
  },
})

const pushed = ({ bytes, files = 0, ...entry }: NewEntry) => ({
  $inc: { 'space.reserved': bytes, 'space.reservedFiles': files, 'space.revision': 1 },
  $push: { 'space.open': { ...entry, bytes, files, at: new Date() } },
})

/** Returns the bytes and files that entries reserve. @param without ids of entries to leave out */
export function reservedBy(open: readonly OpenEntry[], without: readonly string[] = []): Settlement {
  const sum = { bytes: 0, files: 0 }
  for (const { id, bytes, files = 0 } of open) {
    if (without.includes(id)) continue
    sum.bytes += bytes
    sum.files += files
  }
  return sum
}

/** Matches an entry that did not change since it was read. Entries of older releases have no `files`. */
const asRead = ({ id, bytes, files }: OpenEntry) => ({ id, bytes, ...(files === undefined ? {} : { files }) })

type Statics = LedgerStatics & ThisType<Model<{ space: Space }> & LedgerStatics>

const createStatics = (takes: QueryFilter<unknown>): Statics => ({
  async reserve(owner, entry, quota, { least = 0, freeFiles = 0, mostOpen } = {}) {
    const { bytes, files = 0 } = entry
    const conditions = [
      { 'space.open.id': { $ne: entry.id } },
      ...(bytes > 0 ? [fits(bytes, quota)] : []),
      ...(least > bytes ? [fitsBeside(['$space.used', least], quota)] : []),
      ...(files > 0 ? [filesFit(Math.max(files, freeFiles), quota)] : []),
      ...(mostOpen ? [{ [`space.open.${mostOpen - 1}`]: { $exists: false } }] : []),
    ]
    const { modifiedCount } = await this.updateOne(
      { _id: owner, ...takes, $and: conditions },
      pushed(entry),
      { timestamps: false },
    )
    return modifiedCount === 1
  },

  async settleRemoval(owner, removal, settlement, { closed = [], finished } = {}) {
    const { condition, update } = removalUpdate(removal, settlement, finished)
    const filter = {
      _id: owner,
      ...condition,
      ...(closed.length > 0 ? { 'space.open.id': { $nin: closed } } : {}),
    }
    const { modifiedCount } = await this.updateOne(filter, update, { timestamps: false })
    return modifiedCount === 1
  },

  async forgetRemovals(owner, processes, before) {
    for (const process of processes) {
      const path = `space.settled.${process}`
      const filter = { _id: owner, [`${path}.at`]: { $lt: before } }
      await this.updateOne(filter, { $unset: { [path]: 1 } }, { timestamps: false })
    }
  },

  async extend(owner, entry, bytes, quota, slack = 0) {
    const { modifiedCount } = await this.updateOne(
      { _id: owner, 'space.open.id': entry, ...fits(bytes, quota) },
      {
        $inc: { 'space.reserved': bytes, 'space.open.$[entry].bytes': bytes, 'space.revision': 1 },
        $set: { 'space.open.$[entry].slack': slack },
      },
      { arrayFilters: [{ 'entry.id': entry }], timestamps: false },
    )
    return modifiedCount === 1
  },

  async extendFiles(owner, entry, files, quota) {
    const { modifiedCount } = await this.updateOne(
      { _id: owner, 'space.open.id': entry, ...filesFit(files, quota) },
      {
        $inc: { 'space.reservedFiles': files, 'space.open.$[entry].files': files, 'space.revision': 1 },
      },
      { arrayFilters: [{ 'entry.id': entry }], timestamps: false },
    )
    return modifiedCount === 1
  },

  async shrink(owner, entry, { from, to }) {
    const { modifiedCount } = await this.updateOne(
      { _id: owner, 'space.open': { $elemMatch: { id: entry, bytes: from } } },
      {
        $inc: { 'space.reserved': to - from, 'space.revision': 1 },
        $set: { 'space.open.$[entry].bytes': to, 'space.open.$[entry].slack': 0 },
      },
      { arrayFilters: [{ 'entry.id': entry }], timestamps: false },
    )
    return modifiedCount === 1
  },

  async settle(owner, entry, { bytes, files }) {
    const read = async () => (await this.spaceOf(owner))?.open.find(({ id }) => id === entry) ?? null
    const close = async (open: OpenEntry) => {
      const { modifiedCount } = await this.updateOne(
        { _id: owner, 'space.open': { $elemMatch: asRead(open) } },
        {
          $inc: {
            'space.reserved': -open.bytes,
            'space.reservedFiles': -(open.files ?? 0),
            'space.used': bytes,
            'space.files': files,
            'space.revision': 1,
          },
          $pull: { 'space.open': { id: entry } },
        },
        { timestamps: false },
      )
      return modifiedCount === 1 || null
    }
    // The entry can have grown since it was read.
    return (await retryChange(await read(), close, read)) !== null
  },

  async correct(owner, { revision, open }, { bytes, files, orphans }) {
    const reserved = reservedBy(open, orphans)
    const { modifiedCount } = await this.updateOne(
      { _id: owner, 'space.revision': revision },
      {
        $set: {
          'space.used': bytes,
          'space.files': files,
          'space.reserved': reserved.bytes,
          'space.reservedFiles': reserved.files,
        },
        $pull: { 'space.open': { id: { $in: orphans } } },
        $inc: { 'space.revision': 1 },
      },
      { timestamps: false },
    )
    return modifiedCount === 1
  },

  async spaceOf(owner) {
    const document = await this.findById(owner, { space: 1 }).lean()
    return document?.space ?? null
  },
})

/**
 * Adds a `space` ledger to a model. The sums stay exact when a process dies or repeats a step: every change belongs to
 * an entry that is opened once and settled once. The entry is in the same document as the sums, so that one conditional
 * update changes both.
 *
 * @param takes condition on the document; without it the document takes no reservations
 */
export function ledger(schema: Schema, { takes = {} }: { takes?: QueryFilter<unknown> } = {}): void {
  schema.add({
    space: {
      limit: { type: Number, default: null },
      fileLimit: { type: Number, default: null },
      used: count,
      reserved: count,
      files: count,
      reservedFiles: count,
      revision: count,
      open: [{ _id: false, id: String, bytes: Number, slack: Number, files: Number, at: Date }],
      settled: { type: Schema.Types.Mixed, default: undefined },
    },
  })
  Object.assign(schema.statics, createStatics(takes))
}
