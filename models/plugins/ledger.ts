import { type Model, type mongo, type QueryFilter, Schema, type Types, type UpdateQuery } from 'mongoose'
import { databaseNow } from '../database-time.ts'
import { groupChanges } from './group-changes.ts'
import {
  type Bounds,
  type Closing,
  closeEntries,
  type EntryAmounts,
  type EntryList,
  filesFit,
  fits,
  type LedgerDocument,
  type Opening,
  openEntries,
} from './ledger-changes.ts'
import { retryChange } from './optimistic.ts'
import { type Finished, needlesslyListed, type RemovalNumber, removalUpdate } from './settled-removals.ts'
import {
  type ActualUsage,
  entriesOf,
  type NewEntry,
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
   */
  reserve(owner: Id, entry: NewEntry, quota: Quota, bounds?: Bounds): Promise<OwnerState | null>
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

type Statics = LedgerStatics & ThisType<Model<LedgerDocument> & LedgerStatics>

type Filter = mongo.Filter<mongo.Document>
type Update = mongo.UpdateFilter<mongo.Document>

/** The fields that `OwnerState` names. */
const OWNER_STATE = { location: 1, disabled: 1, deleting: 1 }

/**
 * Makes one update of a ledger. Returns the state of its owner, or null when the filter does not match. The driver's own
 * call takes half as long as Mongoose's, and an upload makes four.
 */
const changeOne = (
  { collection }: Model<LedgerDocument>,
  filter: QueryFilter<LedgerDocument>,
  update: UpdateQuery<LedgerDocument>,
): Promise<OwnerState | null> =>
  collection.findOneAndUpdate(filter as Filter, update as Update, {
    projection: OWNER_STATE,
    returnDocument: 'after',
    ignoreUndefined: true,
  }) as Promise<OwnerState | null>

const createStatics = (
  takes: QueryFilter<LedgerDocument>,
  open = groupChanges<Opening, OwnerState>(),
  close = groupChanges<Closing, OwnerState>(),
): Statics => ({
  async reserve(owner, entry, quota, bounds = {}) {
    const at = await databaseNow()
    const opening = { entry: { ...entry, files: entry.files ?? 0, at, heartbeatAt: at }, quota, ...bounds }
    return open(String(owner), opening, (openings) => {
      const { conditions, update } = openEntries(openings)
      return changeOne(this, { _id: owner, ...takes, ...conditions }, update)
    })
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

  async settle(owner, id, settlement, reserved) {
    const closeAll = (list: EntryList, closings: readonly Closing[]) => {
      const { conditions, update } = closeEntries(list, closings)
      return changeOne(this, { _id: owner, ...conditions }, update)
    }
    const known = reserved && { entry: { id, ...reserved }, settlement }
    const closed = known && (await close(String(owner), known, (closings) => closeAll('uploads', closings)))
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
    return retryChange(await read(), ({ list, entry }) => closeAll(list, [{ entry, settlement }]), read)
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
  list: EntryList
  entry: EntryAmounts
}

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
