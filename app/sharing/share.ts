import {
  type Collaborator,
  MAX_COLLABORATORS,
  readerOf,
  type Shared,
  type SharingStatics,
} from '../../models/plugins/sharing.ts'
import { User, usernameKey } from '../../models/user.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import type { Context } from '../context.ts'
import { conflict, notFound, validationFailed, versionConflict } from '../errors.ts'

/** A kind of document that owners can share. */
export interface Sharing {
  type: 'asset' | 'project'
  model: SharingStatics
}

/**
 * Shares a document with a username. The answer does not depend on whether a user has this name: an unknown name is
 * stored too, but never gains access. To share with a user who registers the name later, remove that entry first.
 *
 * @throws `validation_failed` for the owner's own name
 * @param given.isNew refuses a name that is in the list
 * @throws `version_conflict` for a new name that is in the list
 * @throws `conflict` when the document was deleted or has too many collaborators
 * @throws what `confirmSender` throws
 */
export async function shareWith(
  { clock, events }: Pick<Context, 'clock' | 'events'>,
  { type, model }: Sharing,
  { _id, owner }: Pick<Shared, '_id' | 'owner'>,
  sender: Sender,
  { username, access, isNew = false }: { username: string; access: 'read' | 'write'; isNew?: boolean },
): Promise<Collaborator> {
  const key = usernameKey(username)
  const user = await User.idOf(username)
  if (user && owner.equals(user)) throw validationFailed([{ field: 'username', message: 'is the owner' }])
  const given = { username, usernameKey: key, user, access, addedAt: clock.now() }
  await confirmSender({ sender })
  const kept = await model.share(_id, sender.user._id, given, { isNew })
  if (kept === 'exists') throw versionConflict(`The ${type} is shared with this name already.`)
  if (!kept) throw conflict(`The ${type} was deleted, or it already has ${MAX_COLLABORATORS} collaborators.`)
  await events.record({
    action: 'collaborator.set',
    user: owner,
    target: { type, id: _id.toString() },
    details: { username, access },
    // for unknown names too, so that they take as long; nobody receives that change
    ...(type === 'asset' ? { kind: 'asset.updated', asset: _id, owner, readersAfter: [readerOf(kept)] } : {}),
  })
  return kept
}

/**
 * Removes a collaborator.
 *
 * @throws `not_found` when the name is not in the list
 * @throws what `confirmSender` throws
 */
export async function unshareWith(
  { events }: Pick<Context, 'events'>,
  { type, model }: Sharing,
  { _id, owner }: Pick<Shared, '_id' | 'owner'>,
  sender: Sender,
  username: string,
): Promise<void> {
  await confirmSender({ sender })
  if (!(await model.unshare(_id, sender.user._id, usernameKey(username)))) throw notFound()
  await events.record({
    action: 'collaborator.removed',
    user: owner,
    target: { type, id: _id.toString() },
    details: { username },
  })
}
