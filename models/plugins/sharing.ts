import type { Model, QueryFilter, Schema, Types } from 'mongoose'

/** What a collaborator can do. */
export const COLLABORATOR_ACCESS = ['read', 'write'] as const
export type CollaboratorAccess = (typeof COLLABORATOR_ACCESS)[number]

/** Whom the owner has let in, by name. */
export interface Collaborator {
  /** As the owner wrote it. */
  username: string
  /** What tells one from another. */
  usernameKey: string
  /** Null for a name that belonged to nobody when it was added. */
  user: Types.ObjectId | null
  access: CollaboratorAccess
  addedAt: Date
}

/** What an owner shares. `readers` holds the ids of all who may read it, and names that are nobody's. */
export interface Shared {
  _id: Types.ObjectId
  owner: Types.ObjectId
  readers: string[]
  collaborators: Collaborator[]
}

export interface SharingStatics {
  /**
   * Lets a user read or write, under the name the owner wrote. Of a name that is in the list already only the access
   * changes. A void entry (a name that was nobody's, or of a deleted account) stays void: whoever holds the name
   * now gets no access by it.
   *
   * @returns the collaborator as kept; null when what was to be shared is gone or shared with too many
   */
  share(id: Types.ObjectId, owner: Types.ObjectId, given: Collaborator): Promise<Collaborator | null>
  /** Ends what a name may do; false when it was not there. */
  unshare(id: Types.ObjectId, owner: Types.ObjectId, usernameKey: string): Promise<boolean>
}

/** More than anybody shares one thing with by name; it bounds the document. */
export const MAX_COLLABORATORS = 200

const named = (collaborators: Collaborator[] | undefined, key: string) =>
  collaborators?.find(({ usernameKey }) => usernameKey === key)

/**
 * Returns what stands for a collaborator in `readers`. A name that is nobody's stands there too, as text that is no
 * user's id: the indexes of `readers` change as for a known name, so that sharing takes as long.
 */
export const readerOf = ({ user, usernameKey }: Pick<Collaborator, 'user' | 'usernameKey'>): string =>
  user ? user.toString() : `name:${usernameKey}`

function sharingStatics(alive: QueryFilter<Shared>) {
  const statics: SharingStatics & ThisType<Model<Shared> & SharingStatics> = {
    async share(id, owner, given) {
      const key = given.usernameKey
      const changed =
        (await this.findOneAndUpdate(
          { _id: id, owner, ...alive, 'collaborators.usernameKey': key },
          {
            $set: {
              'collaborators.$[one].access': given.access,
              'collaborators.$[one].username': given.username,
            },
          },
          { arrayFilters: [{ 'one.usernameKey': key }], returnDocument: 'after' },
        ).lean()) ??
        (await this.findOneAndUpdate(
          {
            _id: id,
            owner,
            ...alive,
            'collaborators.usernameKey': { $ne: key },
            [`collaborators.${MAX_COLLABORATORS - 1}`]: { $exists: false },
          },
          {
            $push: { collaborators: given },
            $addToSet: { readers: readerOf(given) },
          },
          { returnDocument: 'after' },
        ).lean())
      return named(changed?.collaborators, key) ?? null
    },

    async unshare(id, owner, usernameKey) {
      const found = await this.findOne({ _id: id, owner, ...alive }, { collaborators: 1 }).lean()
      const one = named(found?.collaborators, usernameKey)
      if (!one) return false
      const { modifiedCount } = await this.updateOne(
        { _id: id, owner, collaborators: { $elemMatch: { usernameKey, user: one.user } } },
        {
          $pull: {
            collaborators: { usernameKey, user: one.user },
            readers: readerOf(one),
          },
        },
      )
      return modifiedCount === 1
    },
  }
  return statics
}

/**
 * Lets the owner of a document share it by name.
 *
 * @param alive what is so of a document that is there
 */
export function sharing(schema: Schema, alive: QueryFilter<Shared> = {}): void {
  schema.add({
    readers: { type: [String], default: [] },
    collaborators: [
      {
        _id: false,
        username: String,
        usernameKey: String,
        user: { type: 'ObjectId', default: null },
        access: { type: String, enum: COLLABORATOR_ACCESS },
        addedAt: Date,
      },
    ],
  })
  Object.assign(schema.statics, sharingStatics(alive))
}
