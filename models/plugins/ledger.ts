import type { Model, QueryFilter, Schema, Types } from 'mongoose'

/** Space asked for something unfinished; up to `slack` of its bytes may turn out not to be needed. */
export interface NewEntry {
  id: string
  bytes: number
  slack: number
}

/** Space promised, and since when. */
export interface OpenEntry extends NewEntry {
  at: Date
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

/** What an account must hold by what is stored, and the entries that belong to nothing. */
export interface Truth extends Settlement {
  strays: string[]
}

export interface LedgerStatics {
  /** Opens an entry; false when its bytes do not fit, it is open already or the account takes none. */
  reserve(account: Id, entry: NewEntry): Promise<boolean>
  /** Opens an empty entry for something that will give space back, whatever the account's state. */
  announce(account: Id, entry: string): Promise<void>
  /** Adds bytes to an open entry, all of whose former ones are needed, of the new ones all but `slack`; false when they do not fit. */
  extend(account: Id, entry: string, bytes: number, slack?: number): Promise<boolean>
  /** Closes an entry and counts what came of it; false when it was closed before: nothing counts twice. */
  settle(account: Id, entry: string, settlement: Settlement): Promise<boolean>
  /** Puts the sums right; false when the account is no longer the one that was read. */
  correct(account: Id, read: Space, truth: Truth): Promise<boolean>
  /** The account as it stands, or null where there is none. */
  spaceOf(account: Id): Promise<Space | null>
}

const count = { type: Number, required: true, default: 0 }

const fits = (bytes: number) => ({
  $expr: { $lte: [{ $add: ['$space.used', '$space.reserved', bytes] }, '$space.limit'] },
})

const pushed = ({ bytes, ...entry }: NewEntry) => ({
  $inc: { 'space.reserved': bytes, 'space.revision': 1 },
  $push: { 'space.open': { ...entry, bytes, at: new Date() } },
})

/** Bytes reserved after the strays have gone. */
export const reservedBy = (open: readonly OpenEntry[], strays: readonly string[] = []): number =>
  open.reduce((sum, { id, bytes }) => (strays.includes(id) ? sum : sum + bytes), 0)

type Statics = LedgerStatics & ThisType<Model<{ space: Space }> & LedgerStatics>

const createStatics = (takes: QueryFilter<unknown>): Statics => ({
  async reserve(account, entry) {
    const absent = { 'space.open.id': { $ne: entry.id } }
    const { modifiedCount } = await this.updateOne(
      { _id: account, ...takes, ...absent, ...(entry.bytes > 0 ? fits(entry.bytes) : {}) },
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

  async extend(account, entry, bytes, slack = 0) {
    const { modifiedCount } = await this.updateOne(
      { _id: account, 'space.open.id': entry, ...fits(bytes) },
      {
        $inc: { 'space.reserved': bytes, 'space.open.$[entry].bytes': bytes, 'space.revision': 1 },
        $set: { 'space.open.$[entry].slack': slack },
      },
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

  async correct(account, { revision, open }, { bytes, files, strays }) {
    const { modifiedCount } = await this.updateOne(
      { _id: account, 'space.revision': revision },
      {
        $set: { 'space.used': bytes, 'space.files': files, 'space.reserved': reservedBy(open, strays) },
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
      limit: count,
      used: count,
      reserved: count,
      files: count,
      revision: count,
      open: [{ _id: false, id: String, bytes: Number, slack: Number, at: Date }],
    },
  })
  Object.assign(schema.statics, createStatics(takes))
}
