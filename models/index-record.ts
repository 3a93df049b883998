import { type Model, model, Schema } from 'mongoose'

/** The names of all indexes that any release of the service has built in this database, in one document. */
interface IndexRecordFields {
  _id: string
  /** `collection.index`. */
  names: string[]
}

interface IndexRecordModel extends Model<IndexRecordFields> {
  allNames(): Promise<string[]>
  add(names: string[]): Promise<void>
  remove(name: string): Promise<void>
}

const ONLY = 'indexes'

const schema = new Schema<IndexRecordFields, IndexRecordModel>(
  { _id: { type: String, required: true }, names: { type: [String], required: true } },
  {
    collection: 'indexRecord',
    versionKey: false,
    statics: {
      async allNames() {
        return (await this.findById(ONLY).lean())?.names ?? []
      },
      async add(names) {
        await this.updateOne({ _id: ONLY }, { $addToSet: { names: { $each: names } } }, { upsert: true })
      },
      async remove(name) {
        await this.updateOne({ _id: ONLY }, { $pull: { names: name } })
      },
    },
  },
)

export const IndexRecord = model<IndexRecordFields, IndexRecordModel>('IndexRecord', schema)
