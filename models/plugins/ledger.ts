import type { Model, QueryFilter, Schema, Types } from 'mongoose'
import { retryChange } from './optimistic.ts'

/** Space asked for something unfinished; up to `slack` of its bytes may turn out not to be needed. */
export interface NewEntry {
  id: string
  bytes: number
  slack: number
  /** Files that it will store; absent: none. */
  files?: number
}

/** Limits of an account: bytes and files. */
export interface Quota {
  limit: number
  fileLimit: number
}

/** Space promised, and since when. */
export interface OpenEntry extends NewEntry {
  at: Date
}

/**
 * What an account of space holds, in bytes and files; used + reserved never passes the limit, nor do files +
 * reservedFiles pass the limit of files. A limit that is null or absent is the default that the caller gives.
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
}

/** Returns the limits of an account. */
export const quotaOf = (
  { limit, fileLimit }: Pick<Space, 'limit' | 'fileLimit'>,
  defaults: Quota,
): Quota => ({
  limit: limit ?? defaults.limit,
  fileLimit: fileLimit ?? defaults.fileLimit,
})

/** What a settled entry has really brought or, negative, given back. */
export interface Settlement {
  bytes: number
  files: number
}

type Id = Types.ObjectId | string

/** What an account must hold by what is stored, and the entries that belong to nothing. */
export interface Truth extends Settlement {
  strays: string[]
}

export interface LedgerStatics {
  /**
   * Opens an entry; false when its bytes or files do not fit, it is open already, or the account takes none.
   *
   * @param bounds `least`: bytes beside what is used that must fit, also beyond the entry's; `freeFiles`: files
   *   that must be free, if it has any; `mostOpen`: entries that the account has at most
   */
  reserve(
    account: Id,
    entry: NewEntry,
    quota: Quota,
    bounds?: { least?: number; freeFiles?: number; mostOpen?: number },
  ): Promise<boolean>
  /** Opens an empty entry for something that will give space back, whatever the account's state. */
  announce(account: Id, entry: string): Promise<void>
  /** Adds bytes to an open entry, all of whose former ones are needed, of the new ones all but `slack`; false when they do not fit. */
  extend(account: Id, entry: string, bytes: number, quota: Quota, slack?: number): Promise<boolean>
  /** Adds files to an open entry; false when they do not fit. */
  extendFiles(account: Id, entry: string, files: number, quota: Quota): Promise<boolean>
  /** Gives bytes of an open entry back, all that is left is needed; false when it does not hold `from` bytes any more. */
  shrink(account: Id, entry: string, change: { from: number; to: number }): Promise<boolean>
  /** Closes an entry and counts what came of it; false when it was closed before: nothing counts twice. */
  settle(account: Id, entry: string, settlement: Settlement): Promise<boolean>
  /** Puts the sums right; false when the account is no longer the one that was read. */
  correct(account: Id, read: Space, truth: Truth): Promise<boolean>
  /** The account as it stands, or null where there is none. */
  spaceOf(account: Id): Promise<Space | null>
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

/** Returns the bytes and files reserved by all entries but those named. */
export function reservedBy(open: readonly OpenEntry[], without: readonly string[] = []): Settlement {
  const sum = { bytes: 0, files: 0 }
  for (const { id, bytes, files = 0 } of open) {
    if (without.includes(id)) continue
    sum.bytes += bytes
    sum.files += files
  }
  return sum
}

/** Matches an entry that is still as it was read; one that an older release opened has no files. */
const asRead = ({ id, bytes, files }: OpenEntry) => ({ id, bytes, ...(files === undefined ? {} : { files }) })

type Statics = LedgerStatics & ThisType<Model<{ space: Space }> & LedgerStatics>

const createStatics = (takes: QueryFilter<unknown>): Statics => ({
  async reserve(account, entry, quota, { least = 0, freeFiles = 0, mostOpen } = {}) {
    const { bytes, files = 0 } = entry
    const conditions = [
      { 'space.open.id': { $ne: entry.id } },
      ...(bytes > 0 ? [fits(bytes, quota)] : []),
      ...(least > bytes ? [fitsBeside(['$space.used', least], quota)] : []),
      ...(files > 0 ? [filesFit(Math.max(files, freeFiles), quota)] : []),
      ...(mostOpen ? [{ [`space.open.${mostOpen - 1}`]: { $exists: false } }] : []),
    ]
    const { modifiedCount } = await this.updateOne(
      { _id: account, ...takes, $and: conditions },
      pushed(entry),
      { timestamps: false },
    )
    return modifiedCount === 1
  },

  async announce(account, id) {
    await this.updateOne({ _id: account, 'space.open.id': { $ne: id } }, pushed({ id, bytes: 0, slack: 0 }), {
      timestamps: false,
    })
  },

  async extend(account, entry, bytes, quota, slack = 0) {
    const { modifiedCount } = await this.updateOne(
      { _id: account, 'space.open.id': entry, ...fits(bytes, quota) },
      {
        $inc: { 'space.reserved': bytes, 'space.open.$[entry].bytes': bytes, 'space.revision': 1 },
        $set: { 'space.open.$[entry].slack': slack },
      },
      { arrayFilters: [{ 'entry.id': entry }], timestamps: false },
    )
    return modifiedCount === 1
  },

  async extendFiles(account, entry, files, quota) {
    const { modifiedCount } = await this.updateOne(
      { _id: account, 'space.open.id': entry, ...filesFit(files, quota) },
      {
        $inc: { 'space.reservedFiles': files, 'space.open.$[entry].files': files, 'space.revision': 1 },
      },
      { arrayFilters: [{ 'entry.id': entry }], timestamps: false },
    )
    return modifiedCount === 1
  },

  async shrink(account, entry, { from, to }) {
    const { modifiedCount } = await this.updateOne(
      { _id: account, 'space.open': { $elemMatch: { id: entry, bytes: from } } },
      {
        $inc: { 'space.reserved': to - from, 'space.revision': 1 },
        $set: { 'space.open.$[entry].bytes': to, 'space.open.$[entry].slack': 0 },
      },
      { arrayFilters: [{ 'entry.id': entry }], timestamps: false },
    )
    return modifiedCount === 1
  },

  async settle(account, entry, { bytes, files }) {
    const read = async () => (await this.spaceOf(account))?.open.find(({ id }) => id === entry) ?? null
    const close = async (open: OpenEntry) => {
      const { modifiedCount } = await this.updateOne(
        { _id: account, 'space.open': { $elemMatch: asRead(open) } },
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
    // the entry may have grown since it was read
    return (await retryChange(await read(), close, read)) !== null
  },

  async correct(account, { revision, open }, { bytes, files, strays }) {
    const reserved = reservedBy(open, strays)
    const { modifiedCount } = await this.updateOne(
      { _id: account, 'space.revision': revision },
      {
        $set: {
          'space.used': bytes,
          'space.files': files,
          'space.reserved': reserved.bytes,
          'space.reservedFiles': reserved.files,
        },
        $pull: { 'space.open': { id: { $in: strays } } },
        $inc: { 'space.revision': 1 },
      },
      { timestamps: false },
    )
    return modifiedCount === 1
  },

  async spaceOf(account) {
    const holder = await this.findById(account, { space: 1 }).lean()
    return holder?.space ?? null
  },
})

/**
 * Gives a model a `space` account that is exact whatever dies and however often a step is tried again:
 * every change goes through an entry that is opened once and settled once, because the entry
 * lives in the same document as the sums and one conditional update changes both.
 *
 * @param takes a condition on the document without which it takes no reservations
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
    },
  })
  Object.assign(schema.statics, createStatics(takes))
}
