import type { Model, Schema, Types } from 'mongoose'
import type { AccessLevel } from '../user-fields.ts'
import type { UserDocument, UserFields } from '../user-shape.ts'
import { usable } from './credentials.ts'

/** What an admin decides of an account; what is absent stays. */
export interface Rights {
  access?: AccessLevel | undefined
  disabled?: boolean | undefined
  /** Of the account's space, in bytes; null: the server's default. */
  limit?: number | null | undefined
  /** Of the account's files; null: the server's default. */
  fileLimit?: number | null | undefined
}

export interface AdministrationStatics {
  /** Changes an account's rights; null when there is no such account, or no longer. */
  grant(id: Types.ObjectId, rights: Rights): Promise<UserDocument | null>
  /** Whether an admin who may use the account remains besides this one. */
  hasOtherAdmin(id: Types.ObjectId): Promise<boolean>
  setDeleting(id: Types.ObjectId, deleting: boolean): Promise<void>
}

const statics: AdministrationStatics & ThisType<Model<UserFields>> = {
  grant(id, { access, disabled, limit, fileLimit }) {
    return this.findOneAndUpdate(
      { _id: id, deleting: false },
      {
        $set: {
          ...(access === undefined ? {} : { access }),
          ...(disabled === undefined ? {} : { disabled, readersPending: true }),
          ...(disabled ? { epochSession: null } : {}),
          ...(limit === undefined ? {} : { 'space.limit': limit }),
          ...(fileLimit === undefined ? {} : { 'space.fileLimit': fileLimit }),
        },
        ...(disabled ? { $inc: { sessionEpoch: 1 } } : {}),
      },
      { returnDocument: 'after' },
    ).exec()
  },

  async hasOtherAdmin(id) {
    return (await this.exists({ _id: { $ne: id }, access: 'admin', ...usable })) !== null
  },

  async setDeleting(id, deleting) {
    await this.updateOne({ _id: id }, { deleting, readersPending: true }, { timestamps: false })
  },
}

/** Gives a model of accounts what others than their owners decide. */
export function administration(schema: Schema): void {
  Object.assign(schema.statics, statics)
}
