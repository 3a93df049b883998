import type { AssetFields, Collaborator } from '../../models/asset-shape.ts'
import { setCollaborator } from '../../models/asset-sharing.ts'
import { User } from '../../models/user.ts'
import { usernameKey } from '../../models/user-fields.ts'
import { conflict, validationFailed } from '../errors.ts'
import type { AssetServices } from '../services.ts'

/**
 * Shares an asset with the user of a name. Whether there is one makes no difference to the answer: a name that
 * is nobody's is kept like the others, and never gains access.
 *
 * @throws `validation_failed` for the owner's own name, `conflict` when there are too many
 */
export async function shareWith(
  { clock }: Pick<AssetServices, 'clock'>,
  asset: AssetFields,
  { username, access }: { username: string; access: 'read' | 'write' },
): Promise<Collaborator> {
  const key = usernameKey(username)
  const user = await User.findOne({ usernameKey: key, deleting: false }, { _id: 1 }).lean()
  if (user && asset.owner.equals(user._id))
    throw validationFailed([{ field: 'username', message: 'is the owner of the asset' }])
  const given = { username, usernameKey: key, user: user?._id ?? null, access, addedAt: clock.now() }
  const changed = await setCollaborator(asset._id, given)
  const kept = changed?.collaborators.find((collaborator) => collaborator.usernameKey === key)
  if (!kept) throw conflict('The asset is gone, or shared with too many already.')
  return kept
}
