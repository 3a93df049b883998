import type { Model, QueryFilter, Schema, Types } from 'mongoose'

/** The access levels of a collaborator. */
export const COLLABORATOR_ACCESS = ['read', 'write'] as const
export type CollaboratorAccess = (typeof COLLABORATOR_ACCESS)[number]

/** A user or an unknown name that a document is shared with. */
export interface Collaborator {
  /** The username as the owner wrote it. */
  username: string
  /** The folded username, unique in the list. */
  usernameKey: string
  /** Null when no user had the name when it was added. */
  user: Types.ObjectId | null
  access: CollaboratorAccess
  addedAt: Date
}

/** A document that its owner can share. `readers` holds the ids of all users who can read it, and unknown names. */
export interface Shared {
  _id: Types.ObjectId
  owner: Types.ObjectId
  readers: string[]
  collaborators: Collaborator[]
}

/**
 * Returns what an update of the collaborators pushes to other fields.
 *
 * @param reader the entry of the collaborator in `readers`
 * @param isTouched whether the update adds or removes it there
 */
export type Push = (reader: string, isTouched: boolean) => Record<string, unknown>

export interface SharingStatics {
  /**
   * Adds a collaborator. When the name is in the list already, only changes its access. An entry without a user (an
   * unknown name, or a deleted account) stays without one: a user who registers the name later gains no access by it.
   *
   * @param options.isNew changes nothing when the name is in the list
   * @returns the document, or null when it does not exist any more or has too many collaborators
   */
  share(
    id: Types.ObjectId,
    owner: Types.ObjectId,
    given: Collaborator,
    options?: { isNew?: boolean; push?: Push },
  ): Promise<Shared | 'exists' | null>
  /** Removes a collaborator. Returns the document; null when the name is not in the list. */
  unshare(id: Types.ObjectId, owner: Types.ObjectId, usernameKey: string, push?: Push): Promise<Shared | null>
}

/** Most collaborators of one document. Limits the size of the document. */
export const MAX_COLLABORATORS = 200

/** Returns the entry of a name in a list. */
export const named = (collaborators: Collaborator[] | undefined, key: string) =>
  collaborators?.find(({ usernameKey }) => usernameKey === key)

/**
 * Returns the entry of a collaborator in `readers`. An unknown name has an entry too, with a prefix that no user id
 * has: the indexes of `readers` change as for a known name, so that sharing takes as long.
 */
export const readerOf = ({ user, usernameKey }: Pick<Collaborator, 'user' | 'usernameKey'>): string =>
  user ? user.toString() : `name:${usernameKey}`

/** Returns whether a name among `readers` belongs to users, and not to a username that nobody had. */
export const isUserReader = (reader: string): boolean => !reader.startsWith('name:')

const pushNothing: Push = () => ({})

function sharingStatics(alive: QueryFilter<Shared>) {
  const statics: SharingStatics & ThisType<Model<Shared> & SharingStatics> = {
    async share(id, owner, given, { isNew = false, push = pushNothing } = {}) {
      const key = given.usernameKey
      const changed =
        (!isNew &&
          (await this.findOneAndUpdate(
            { _id: id, owner, ...alive, 'collaborators.usernameKey': key },
            {
              $set: {
                'collaborators.$[one].access': given.access,
                'collaborators.$[one].username': given.username,
              },
              $push: push(readerOf(given), false),
            },
            { arrayFilters: [{ 'one.usernameKey': key }], returnDocument: 'after' },
          ).lean())) ||
        (await this.findOneAndUpdate(
          {
            _id: id,
            owner,
            ...alive,
            'collaborators.usernameKey': { $ne: key },
            [`collaborators.${MAX_COLLABORATORS - 1}`]: { $exists: false },
          },
          {
            $push: { collaborators: given, ...push(readerOf(given), true) },
            $addToSet: { readers: readerOf(given) },
          },
          { returnDocument: 'after' },
        ).lean())
      if (changed || !isNew) return changed
      return (await this.exists({ _id: id, owner, ...alive, 'collaborators.usernameKey': key }))
        ? 'exists'
        : null
    },

    async unshare(id, owner, usernameKey, push = pushNothing) {
      const found = await this.findOne({ _id: id, owner, ...alive }, { collaborators: 1 }).lean()
      const one = named(found?.collaborators, usernameKey)
      if (!one) return null
      return this.findOneAndUpdate(
        { _id: id, owner, collaborators: { $elemMatch: { usernameKey, user: one.user } } },
        {
          $pull: {
            collaborators: { usernameKey, user: one.user },
            readers: readerOf(one),
          },
          $push: push(readerOf(one), true),
        },
        { returnDocument: 'after' },
      )
        .lean()
        .exec()
    },
  }
  return statics
}

/**
 * Adds the fields and statics of sharing to a schema.
 *
 * @param alive the filter of documents that are not deleted
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
