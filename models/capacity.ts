import { type Model, model, Schema } from 'mongoose'
import { type LedgerStatics, ledger } from './plugins/ledger.ts'
import type { Space } from './plugins/space.ts'

/** The space of all users together, in one document. */
interface CapacityDocument {
  _id: string
  space: Space
}

interface CapacityModel extends Model<CapacityDocument>, LedgerStatics {
  setLimit(limit: number): Promise<void>
}

/** The id of the only document. */
export const SERVER = 'server'

const schema = new Schema<CapacityDocument, CapacityModel>(
  { _id: { type: String, required: true } },
  {
    collection: 'capacity',
    statics: {
      /** Sets the limit in bytes. Creates the document if it does not exist. */
      async setLimit(limit: number) {
        await this.updateOne({ _id: SERVER }, { $set: { 'space.limit': limit } }, { upsert: true })
      },
    },
  },
)
schema.plugin(ledger)

export const Capacity = model<CapacityDocument, CapacityModel>('Capacity', schema)
