import { type Model, model, Schema } from 'mongoose'
import { type LedgerStatics, ledger, type Space } from './plugins/ledger.ts'

/** The space of everybody together: one document. */
interface CapacityDocument {
  _id: string
  space: Space
}

interface CapacityModel extends Model<CapacityDocument>, LedgerStatics {
  ensure(limit: number): Promise<void>
}

export const SERVER = 'server'

const schema = new Schema<CapacityDocument, CapacityModel>(
  { _id: { type: String, required: true } },
  {
    collection: 'capacity',
    statics: {
      /** Makes sure that the account is there, with the limit of today's configuration. */
      async ensure(limit: number) {
        await this.updateOne({ _id: SERVER }, { $set: { 'space.limit': limit } }, { upsert: true })
      },
    },
  },
)
schema.plugin(ledger)

export const Capacity = model<CapacityDocument, CapacityModel>('Capacity', schema)
