import { randomUUID } from 'node:crypto'
import { type Model, model, Schema } from 'mongoose'

/** The identity of this database: one document. The store that belongs to it carries the same id. */
interface InstallationFields {
  _id: string
  id: string
  /** Missing until the first backup. */
  backup?: BackupResult
}

/** The results of the last backups. All fields but `failedAt` are those of the last complete backup. */
export interface BackupResult {
  succeededAt?: Date
  failedAt?: Date
  seconds?: number
  assets?: number
  bytes?: number
}

interface InstallationModel extends Model<InstallationFields> {
  currentId(): Promise<string>
  renewId(): Promise<string>
  lastBackup(): Promise<BackupResult | null>
  recordBackup(result: BackupResult): Promise<void>
}

const ONLY = 'installation'

const backup = { succeededAt: Date, failedAt: Date, seconds: Number, assets: Number, bytes: Number }

const schema = new Schema<InstallationFields, InstallationModel>(
  {
    _id: { type: String, required: true },
    id: { type: String, required: true },
    backup: { type: new Schema<BackupResult>(backup, { _id: false, id: false }), default: undefined },
  },
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

      /** Returns the results of the last backups; null before the first one. */
      async lastBackup() {
        return (await this.findById(ONLY, { backup: 1 }).lean())?.backup ?? null
      },

      /** Records the result of a backup. Keeps the fields that it does not have. */
      async recordBackup(result) {
        const given = Object.entries(result).map(([field, value]) => [`backup.${field}`, value])
        await this.updateOne(
          { _id: ONLY },
          { $set: Object.fromEntries(given), $setOnInsert: { id: randomUUID() } },
          { upsert: true },
        )
      },
    },
  },
)

export const Installation = model<InstallationFields, InstallationModel>('Installation', schema)
