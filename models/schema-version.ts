import { type Model, model, Schema } from 'mongoose'
import { databaseTime } from './database-time.ts'

/** A process that changes the schema; another process can take over when the lease has expired. */
interface Lease {
  /** A random id of one run. */
  holder: string
  /** By the clock of the database. */
  expiresAt: Date
}

/** The schema version of this database, in one document. A database without this document has version 0. */
interface SchemaVersionFields {
  _id: string
  /** The number of completed migrations. */
  version: number
  lease: Lease | null
}

interface SchemaVersionModel extends Model<SchemaVersionFields> {
  current(): Promise<number | null>
  record(version: number): Promise<void>
  acquireLease(holder: string): Promise<boolean>
  renewLease(holder: string): Promise<boolean>
  releaseLease(holder: string): Promise<void>
  setVersion(holder: string, version: number): Promise<boolean>
}

/** How long a lease lasts without a renewal, in milliseconds. */
export const LEASE_MS = 15_000

const ONLY = 'schema'

const leaseFrom = (holder: string, now: Date): Lease => ({
  holder,
  expiresAt: new Date(now.getTime() + LEASE_MS),
})

const leaseSchema = new Schema<Lease>(
  { holder: { type: String, required: true }, expiresAt: { type: Date, required: true } },
  { _id: false },
)

const schema = new Schema<SchemaVersionFields, SchemaVersionModel>(
  {
    _id: { type: String, required: true },
    version: { type: Number, required: true },
    lease: { type: leaseSchema, default: null },
  },
  {
    collection: 'schema',
    versionKey: false,
    statics: {
      /** Returns the version, or null if none is recorded. */
      async current() {
        return (await this.findById(ONLY, { version: 1 }).lean())?.version ?? null
      },

      /** Records a version if none is recorded. */
      async record(version) {
        await this.updateOne({ _id: ONLY }, { $setOnInsert: { version, lease: null } }, { upsert: true })
      },

      /** Takes the lease; returns false while another run holds it. */
      async acquireLease(holder) {
        await this.record(0)
        const now = await databaseTime()
        const { modifiedCount } = await this.updateOne(
          { _id: ONLY, $or: [{ lease: null }, { 'lease.expiresAt': { $lte: now } }] },
          { $set: { lease: leaseFrom(holder, now) } },
        )
        return modifiedCount === 1
      },

      /** Extends the lease; returns false if another run has taken it over. */
      async renewLease(holder) {
        const now = await databaseTime()
        const { matchedCount } = await this.updateOne(
          { _id: ONLY, 'lease.holder': holder },
          { $set: { lease: leaseFrom(holder, now) } },
        )
        return matchedCount === 1
      },

      async releaseLease(holder) {
        await this.updateOne({ _id: ONLY, 'lease.holder': holder }, { $set: { lease: null } })
      },

      /** Records a version for the holder of the lease; returns false if another run has taken it over. */
      async setVersion(holder, version) {
        const { matchedCount } = await this.updateOne(
          { _id: ONLY, 'lease.holder': holder },
          { $set: { version } },
        )
        return matchedCount === 1
      },
    },
  },
)

export const SchemaVersion = model<SchemaVersionFields, SchemaVersionModel>('SchemaVersion', schema)
