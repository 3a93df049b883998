import type { Model, Schema, Types } from 'mongoose'

/** Space promised to something unfinished; up to `slack` of its bytes may turn out not to be needed. */
export interface OpenEntry {
  id: string
  bytes: number
  slack: number
}

/** What an account of space holds, in bytes; used + reserved never passes limit. */
export interface Space {
  limit: number
  used: number
  reserved: number
  files: number
  revision: number
  open: OpenEntry[]
}

/** What a settled entry has really brought or, negative, given back. */
export interface Settlement {
  bytes: number
  files: number
}

type Id = Types.ObjectId | string

export interface LedgerStatics {
  /** Opens an entry; false when its bytes do not fit or it is open already. */
  reserve(account: Id, entry: OpenEntry): Promise<boolean>
  /** Adds bytes to an open entry; false when they do not fit. */
  extend(account: Id, entry: string, bytes: number): Promise<boolean>
  /** Closes an entry and counts what came of it; false when it was closed before: nothing counts twice. */
  settle(account: Id, entry: string, settlement: Settlement): Promise<boolean>
  /** The account as it stands, or null where there is none. */
  spaceOf(account: Id): Promise<Space | null>
}

const count = { type: Number, required: true, default: 0 }

const fits = (bytes: number) => ({
  $expr: { $lte: [{ $add: ['$space.used', '$space.reserved', bytes] }, '$space.limit'] },
})

const statics: LedgerStatics & ThisType<Model<{ space: Space }> & LedgerStatics> = {
  async reserve(account, entry) {
    const { modifiedCount } = await this.updateOne(
      { _id: account, 'space.open.id': { $ne: entry.id }, ...(entry.bytes > 0 ? fits(entry.bytes) : {}) },
      { $inc: { 'space.reserved': entry.bytes, 'space.revision': 1 }, $push: { 'space.open': entry } },
      { timestamps: false },
    )
    return modifiedCount === 1
  },

  async extend(account, entry, bytes) {
    const { modifiedCount } = await this.updateOne(
      { _id: account, 'space.open.id': entry, ...fits(bytes) },
      { $inc: { 'space.reserved': bytes, 'space.open.$[entry].bytes': bytes, 'space.revision': 1 } },
      { arrayFilters: [{ 'entry.id': entry }], timestamps: false },
    )
    return modifiedCount === 1
  },

  async settle(account, entry, { bytes, files }) {
    for (;;) {
      const space = await this.spaceOf(account)
      const open = space?.open.find(({ id }) => id === entry)
      if (!open) return false
      const { modifiedCount } = await this.updateOne(
        { _id: account, 'space.open': { $elemMatch: { id: entry, bytes: open.bytes } } },
        {
          $inc: {
            'space.reserved': -open.bytes,
            'space.used': bytes,
            'space.files': files,
            'space.revision': 1,
          },
          $pull: { 'space.open': { id: entry } },
        },
        { timestamps: false },
      )
      if (modifiedCount === 1) return true
    }
  },

  async spaceOf(account) {
    const holder = await this.findById(account, { space: 1 }).lean()
    return holder?.space ?? null
  },
}

/**
 * Gives a model a `space` account that is exact whatever dies and however often a step is tried again:
 * every change goes through an entry that is opened once and settled once, because the entry
 * lives in the same document as the sums and one conditional update changes both.
 */
export function ledger(schema: Schema): void {
  schema.add({
    space: {
      limit: count,
      used: count,
      reserved: count,
      files: count,
      revision: count,
      open: [{ _id: false, id: String, bytes: Number, slack: Number }],
    },
  })
  Object.assign(schema.statics, statics)
}
