import { type Model, type mongo, type QueryFilter, Schema, type Types, type UpdateQuery } from 'mongoose'
import { databaseNow } from '../database-time.ts'
import { retryChange } from './optimistic.ts'
import { type Finished, needlesslyListed, type RemovalNumber, removalUpdate } from './settled-removals.ts'
import {
  type ActualUsage,
  entriesOf,
  type NewEntry,
  type OpenEntry,
  type OwnerState,
  type Quota,
  reservedBy,
  type Settlement,
  type Space,
  withLists,
} from './space.ts'

type Id = Types.ObjectId | string

export interface LedgerStatics {
  /**
   * Opens an entry. Returns null when its bytes or files do not fit, it is open already, or the document takes no
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
  ): Promise<OwnerState | null>
  /** Records that the upload of an entry is running. */
  recordHeartbeat(owner: Id, entry: string): Promise<void>
  /**
   * Adds bytes to an open entry. Returns false when they do not fit.
   *
   * @param slack how many of the added bytes are possibly not needed; the earlier bytes are all needed
   */
  extend(owner: Id, entry: string, bytes: number, quota: Quota, slack?: number): Promise<boolean>
  /** Adds files to an open entry. Returns false when they and `spare` more files do not fit. */
  extendFiles(owner: Id, entry: string, files: number, quota: Quota, spare?: number): Promise<boolean>
  /** Reduces an open entry to `to` bytes without slack. Returns false when it does not have `from` bytes any more. */
  shrink(owner: Id, entry: string, change: { from: number; to: number }): Promise<boolean>
  /**
   * Closes an entry and adds the settlement to the usage. Returns null when it is closed already.
   *
   * @param reserved what the entry has reserved, if the caller knows it: then one update is enough
   */
  settle(owner: Id, entry: string, settlement: Settlement, reserved?: Settlement): Promise<OwnerState | null>
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
  /** Removes the counted removals from the lists that need not name them. */
  shortenLists(owner: Id, read: Space): Promise<void>
  /** Corrects the sums and closes orphaned entries. Returns false when the ledger changed since it was read. */
  correct(owner: Id, read: Space, actual: ActualUsage): Promise<boolean>
  /** Returns the current ledger, or null if the document does not exist. */
  spaceOf(owner: Id): Promise<Space | null>
}

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

interface Document {
  space: Space
}

type Statics = LedgerStatics & ThisType<Model<Document> & LedgerStatics>

type Filter = mongo.Filter<mongo.Document>
type Update = mongo.UpdateFilter<mongo.Document>

/** The fields that `OwnerState` names. */
const OWNER_STATE = { location: 1, disabled: 1, deleting: 1 }

/**
 * Makes one update of a ledger. Returns the state of its owner, or null when the filter does not match. The driver's own
 * call takes half as long as Mongoose's, and an upload makes four.
 */
const changeOne = (
  { collection }: Model<Document>,
  filter: QueryFilter<Document>,
  update: UpdateQuery<Document>,
): Promise<OwnerState | null> =>
  collection.findOneAndUpdate(filter as Filter, update as Update, {
    projection: OWNER_STATE,
    returnDocument: 'after',
    ignoreUndefined: true,
  }) as Promise<OwnerState | null>

const createStatics = (takes: QueryFilter<Document>): Statics => ({
  async reserve(owner, entry, quota, { least = 0, freeFiles = 0, mostOpen } = {}) {
    const { bytes, files = 0 } = entry
    const conditions = [
      { 'space.uploads.id': { $ne: entry.id } },
      ...(bytes > 0 ? [fits(bytes, quota)] : []),
      ...(least > bytes ? [fitsBeside(['$space.used', least], quota)] : []),
      ...(files > 0 ? [filesFit(Math.max(files, freeFiles), quota)] : []),
      ...(mostOpen ? [{ [`space.uploads.${mostOpen - 1}`]: { $exists: false } }] : []),
    ]
    const at = await databaseNow()
    return changeOne(
      this,
      { _id: owner, ...takes, $and: conditions },
      {
        $inc: { 'space.reserved': bytes, 'space.reservedFiles': files, 'space.revision': 1 },
        $push: { 'space.uploads': { ...entry, files, at, heartbeatAt: at } },
      },
    )
  },

  async recordHeartbeat(owner, entry) {
    await this.updateOne(
      { _id: owner, 'space.uploads.id': entry },
      { $set: { 'space.uploads.$[entry].heartbeatAt': await databaseNow() } },
      { arrayFilters: [{ 'entry.id': entry }], timestamps: false },
    )
  },

  async extend(owner, entry, bytes, quota, slack = 0) {
    const { modifiedCount } = await this.updateOne(
      { _id: owner, 'space.uploads.id': entry, ...fits(bytes, quota) },
      {
        $inc: { 'space.reserved': bytes, 'space.uploads.$[entry].bytes': bytes, 'space.revision': 1 },
        $set: { 'space.uploads.$[entry].slack': slack },
      },
      { arrayFilters: [{ 'entry.id': entry }], timestamps: false },
    )
    return modifiedCount === 1
  },

  async extendFiles(owner, entry, files, quota, spare = 0) {
    const { modifiedCount } = await this.updateOne(
      { _id: owner, 'space.uploads.id': entry, ...filesFit(files + spare, quota) },
      {
        $inc: { 'space.reservedFiles': files, 'space.uploads.$[entry].files': files, 'space.revision': 1 },
      },
      { arrayFilters: [{ 'entry.id': entry }], timestamps: false },
    )
    return modifiedCount === 1
  },

  async shrink(owner, entry, { from, to }) {
    const { modifiedCount } = await this.updateOne(
      { _id: owner, 'space.uploads': { $elemMatch: { id: entry, bytes: from } } },
      {
        $inc: { 'space.reserved': to - from, 'space.revision': 1 },
        $set: { 'space.uploads.$[entry].bytes': to, 'space.uploads.$[entry].slack': 0 },
      },
      { arrayFilters: [{ 'entry.id': entry }], timestamps: false },
    )
    return modifiedCount === 1
  },

  async settle(owner, id, { bytes, files }, reserved) {
    const close = ({ list, entry }: Found) =>
      changeOne(
        this,
        { _id: owner, [`space.${list}`]: { $elemMatch: asRead(entry) } },
        {
          $inc: {
            'space.reserved': -entry.bytes,
            'space.reservedFiles': -(entry.files ?? 0),
            'space.used': bytes,
            'space.files': files,
            'space.revision': 1,
          },
          $pull: { [`space.${list}`]: { id } },
        },
      )
    const closed = reserved && (await close({ list: 'uploads', entry: { id, ...reserved } }))
    if (closed) return closed
    const read = async (): Promise<Found | null> => {
      const space = await this.spaceOf(owner)
      for (const list of ['uploads', 'open'] as const) {
        const entry = space?.[list].find((one) => one.id === id)
        if (entry) return { list, entry }
      }
      return null
    }
    // the entry can have grown since it was read
    return retryChange(await read(), close, read)
  },

  async settleRemoval(owner, removal, settlement, { closed = [], finished } = {}) {
    const { condition, update } = removalUpdate(removal, settlement, finished)
    const areClosed =
      closed.length > 0 ? { 'space.uploads.id': { $nin: closed }, 'space.open.id': { $nin: closed } } : {}
    const { modifiedCount } = await this.updateOne({ _id: owner, ...condition, ...areClosed }, update, {
      timestamps: false,
    })
    return modifiedCount === 1
  },

  async forgetRemovals(owner, processes, before) {
    for (const process of processes) {
      const path = `space.settled.${process}`
      const filter = { _id: owner, [`${path}.at`]: { $lt: before } }
      await this.updateOne(filter, { $unset: { [path]: 1 } }, { timestamps: false })
    }
  },

  async shortenLists(owner, { settled }) {
    const $unset = needlesslyListed(settled)
    if ($unset) await this.updateOne({ _id: owner }, { $unset }, { timestamps: false })
  },

  async correct(owner, space, { bytes, files, orphans }) {
    const reserved = reservedBy(entriesOf(space), orphans)
    const isOrphan = { id: { $in: orphans } }
    const { modifiedCount } = await this.updateOne(
      { _id: owner, 'space.revision': space.revision },
      {
        $set: {
          'space.used': bytes,
          'space.files': files,
          'space.reserved': reserved.bytes,
          'space.reservedFiles': reserved.files,
        },
        $pull: { 'space.uploads': isOrphan, 'space.open': isOrphan },
        $inc: { 'space.revision': 1 },
      },
      { timestamps: false },
    )
    return modifiedCount === 1
  },

  async spaceOf(owner) {
    const document = await this.findById(owner, { space: 1 }).lean()
    return document && withLists(document.space)
  },
})

/** An open entry, and the list that has it. */
interface Found {
  list: 'uploads' | 'open'
  entry: Pick<OpenEntry, 'id' | 'bytes' | 'files'>
}

/** Matches an entry that did not change since it was read. Old entries of earlier releases have no `files`. */
const asRead = ({ id, bytes, files }: Found['entry']) => ({
  id,
  bytes,
  ...(files === undefined ? {} : { files }),
})

const count = { type: Number, required: true, default: 0 }
const amounts = { _id: false, id: String, bytes: Number, slack: Number, files: Number, at: Date } as const
const { ObjectId, Mixed } = Schema.Types

/**
 * Adds a `space` ledger to a model. The sums stay exact when a process dies or repeats a step: every change belongs to
 * an entry that is opened once and settled once, or to a removal that is counted once. Entries and counted removals are
 * in the same document as the sums, so that one conditional update changes both.
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
      uploads: [{ ...amounts, owner: ObjectId, asset: ObjectId, createsAsset: Boolean, heartbeatAt: Date }],
      open: [amounts],
      settled: { type: Mixed, default: undefined },
    },
  })
  Object.assign(schema.statics, createStatics(takes))
}
