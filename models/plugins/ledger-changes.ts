import type { QueryFilter, UpdateQuery } from 'mongoose'
import { type OpenEntry, type Quota, reservedBy, type Settlement, type Space } from './space.ts'

/** A document with a ledger. */
export interface LedgerDocument {
  space: Space
}

/** An update of a ledger and the conditions under which it takes place. */
interface Change {
  conditions: QueryFilter<LedgerDocument>
  update: UpdateQuery<LedgerDocument>
}

/** Limits of a new entry besides the quota. */
export interface Bounds {
  /** Bytes that must be free besides the used ones; can be more than the bytes of the entry. */
  least?: number
  /** Number of files that must be free if the entry has any. */
  freeFiles?: number
  /** Largest number of open entries. */
  mostOpen?: number
}

/** A new entry and its limits. */
export interface Opening extends Bounds {
  entry: OpenEntry
  quota: Quota
}

/** The amounts of an entry as they were read. Old entries of earlier releases have no `files`. */
export type EntryAmounts = Pick<OpenEntry, 'id' | 'bytes' | 'files'>

/** An entry to close and what it adds to the usage. */
export interface Closing {
  entry: EntryAmounts
  settlement: Settlement
}

/** The lists of open entries. */
export type EntryList = 'uploads' | 'open'

const fitsBeside = (addends: (string | number)[], { limit }: Pick<Quota, 'limit'>) => ({
  $expr: { $lte: [{ $add: addends }, { $ifNull: ['$space.limit', limit] }] },
})

/** Returns the condition that more bytes fit. */
export const fits = (bytes: number, quota: Pick<Quota, 'limit'>) =>
  fitsBeside(['$space.used', '$space.reserved', bytes], quota)

/** Returns the condition that more files fit. */
export const filesFit = (files: number, { fileLimit }: Pick<Quota, 'fileLimit'>) => ({
  $expr: {
    $lte: [
      { $add: ['$space.files', { $ifNull: ['$space.reservedFiles', 0] }, files] },
      { $ifNull: ['$space.fileLimit', fileLimit] },
    ],
  },
})

/** Returns the change that opens entries. It takes place only if they all fit, so that each fits after the others. */
export function openEntries(openings: readonly Opening[]): Change {
  const entries = openings.map(({ entry }) => entry)
  const { bytes, files } = reservedBy(entries)
  const limit = Math.min(...openings.map(({ quota }) => quota.limit))
  const fileLimit = Math.min(...openings.map(({ quota }) => quota.fileLimit))
  const least = Math.max(...openings.map((one) => one.least ?? 0))
  const spareFiles = Math.max(
    0,
    ...openings.map(({ entry, freeFiles = 0 }) => freeFiles - (entry.files ?? 0)),
  )
  const mostBefore = Math.min(...openings.map(({ mostOpen = Infinity }) => mostOpen)) - entries.length
  return {
    conditions: {
      $and: [
        { 'space.uploads.id': { $nin: entries.map(({ id }) => id) } },
        ...(bytes > 0 ? [fits(bytes, { limit })] : []),
        ...(least > bytes ? [fitsBeside(['$space.used', least], { limit })] : []),
        ...(files > 0 ? [filesFit(files + spareFiles, { fileLimit })] : []),
        // no list has an element with a negative index
        ...(mostBefore < Infinity ? [{ [`space.uploads.${mostBefore}`]: { $exists: mostBefore < 0 } }] : []),
      ],
    },
    update: {
      $inc: { 'space.reserved': bytes, 'space.reservedFiles': files, 'space.revision': 1 },
      $push: { 'space.uploads': { $each: entries } },
    },
  }
}

/** Returns the change that closes entries of a list. It takes place only if they all did not change since they were read. */
export function closeEntries(list: EntryList, closings: readonly Closing[]): Change {
  const entries = closings.map(({ entry }) => entry)
  const reserved = reservedBy(entries)
  const sum = (field: keyof Settlement) =>
    closings.reduce((total, { settlement }) => total + settlement[field], 0)
  return {
    conditions: { $and: entries.map((entry) => ({ [`space.${list}`]: { $elemMatch: asRead(entry) } })) },
    update: {
      $inc: {
        'space.reserved': -reserved.bytes,
        'space.reservedFiles': -reserved.files,
        'space.used': sum('bytes'),
        'space.files': sum('files'),
        'space.revision': 1,
      },
      $pull: { [`space.${list}`]: { id: { $in: entries.map(({ id }) => id) } } },
    },
  }
}

const asRead = ({ id, bytes, files }: EntryAmounts) => ({
  id,
  bytes,
  ...(files === undefined ? {} : { files }),
})
