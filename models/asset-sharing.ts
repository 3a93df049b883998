import type { Types } from 'mongoose'
import { Asset } from './asset.ts'
import type { AssetFields, Collaborator } from './asset-shape.ts'

/** More than anybody shares one asset with by name; it bounds the document. */
export const COLLABORATORS = { max: 200 } as const

/**
 * Lets a user read or write an asset, under the name its owner wrote. A name that is there already is set anew.
 *
 * @returns the asset after the change; null when it is gone or has too many collaborators
 */
export async function setCollaborator(
  asset: Types.ObjectId,
  given: Collaborator,
): Promise<AssetFields | null> {
  await removeOther(asset, given)
  const reader = given.user ? { $addToSet: { readers: given.user.toString() } } : {}
  const changed = await Asset.findOneAndUpdate(
    { _id: asset, state: 'ready', 'collaborators.usernameKey': given.usernameKey },
    {
      $set: { 'collaborators.$[one].access': given.access, 'collaborators.$[one].username': given.username },
      ...reader,
    },
    { arrayFilters: [{ 'one.usernameKey': given.usernameKey }], returnDocument: 'after' },
  ).lean()
  if (changed) return changed
  return Asset.findOneAndUpdate(
    {
      _id: asset,
      state: 'ready',
      'collaborators.usernameKey': { $ne: given.usernameKey },
      [`collaborators.${COLLABORATORS.max - 1}`]: { $exists: false },
    },
    { $push: { collaborators: given }, ...reader },
    { returnDocument: 'after' },
  ).lean()
}

/** Ends what a name may do; false when it was not there. */
export async function removeCollaborator(asset: Types.ObjectId, usernameKey: string): Promise<boolean> {
  const found = await Asset.findOne({ _id: asset, state: 'ready' }, { collaborators: 1 }).lean()
  const one = found?.collaborators.find((collaborator) => collaborator.usernameKey === usernameKey)
  if (!one) return false
  await Asset.updateOne(
    { _id: asset },
    {
      $pull: {
        collaborators: { usernameKey, user: one.user },
        ...(one.user ? { readers: one.user.toString() } : {}),
      },
    },
  )
  return true
}

/** The name may have belonged to nobody, or to somebody else, when it was added. */
async function removeOther(asset: Types.ObjectId, { usernameKey, user }: Collaborator): Promise<void> {
  const found = await Asset.findOne({ _id: asset }, { collaborators: 1 }).lean()
  const one = found?.collaborators.find((collaborator) => collaborator.usernameKey === usernameKey)
  if (one && String(one.user) !== String(user)) await removeCollaborator(asset, usernameKey)
}
