import { randomUUID } from 'node:crypto'
import { type Model, model, Schema } from 'mongoose'

/** The identity of this database: one document. The store that belongs to it carries the same id. */
interface InstallationFields {
  _id: string
  id: string
}

interface InstallationModel extends Model<InstallationFields> {
  currentId(): Promise<string>
  renewId(): Promise<string>
}

const ONLY = 'installation'

const schema = new Schema<InstallationFields, InstallationModel>(
  { _id: { type: String, required: true }, id: { type: String, required: true } },
  {
    collection: 'installation',
    versionKey: false,
    id: false,
    statics: {
      /** Returns the id of this database. Creates a random one at the first call. */
      async currentId() {
        const found = await this.findById(ONLY).lean()
        if (found) return found.id
        const made = { $setOnInsert: { id: randomUUID() } }
        await this.updateOne({ _id: ONLY }, made, { upsert: true })
        return (await this.findById(ONLY).lean().orFail()).id
      },

      /** Gives this database a new random id and returns it. */
      async renewId() {
        const id = randomUUID()
        await this.updateOne({ _id: ONLY }, { $set: { id } }, { upsert: true })
        return id
      },
    },
  },
)

export const Installation = model<InstallationFields, InstallationModel>('Installation', schema)
