import {
  type Collaborator,
  readerOf,
  type Shared,
  type SharingStatics,
} from '../../models/plugins/sharing.ts'
import { User, usernameKey } from '../../models/user.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import type { Context } from '../context.ts'
import { conflict, notFound, validationFailed } from '../errors.ts'

/** A kind of thing that owners share. */
export interface Sharing {
  type: 'asset' | 'project'
  model: SharingStatics
}

/**
 * Shares something with the user of a name. Whether there is one makes no difference to the answer: a name that
 * is nobody's is kept like the others, and never gains access. To share with who holds a name now, end the old entry
 * first.
 *
 * @throws `validation_failed` for the owner's own name, `conflict` when there are too many, and what `confirmSender`
 *   throws
 */
export async function shareWith(
  { audit, changes, clock }: Pick<Context, 'audit' | 'changes' | 'clock'>,
  { type, model }: Sharing,
  { _id, owner }: Pick<Shared, '_id' | 'owner'>,
  sender: Sender,
  { username, access }: { username: string; access: 'read' | 'write' },
): Promise<Collaborator> {
  const key = usernameKey(username)
  const user = await User.idOf(username)
  if (user && owner.equals(user)) throw validationFailed([{ field: 'username', message: 'is the owner' }])
  const given = { username, usernameKey: key, user, access, addedAt: clock.now() }
  await confirmSender({ sender })
  const kept = await model.share(_id, sender.user._id, given)
  if (!kept) throw conflict('It is gone, or shared with too many already.')
  await audit({
    action: 'collaborator.set',
    user: owner,
    target: { type, id: _id.toString() },
    details: { username, access },
  })
  if (type === 'asset') {
    // for a name that is nobody's too, so that it takes as long; nobody receives that change
    await changes.publish({ kind: 'asset.updated', asset: _id, owner, readers: [readerOf(kept)] })
  }
  return kept
}

/** Ends what the user of a name may do. @throws `not_found` when the name is not on the list */
export async function unshareWith(
  { audit }: Pick<Context, 'audit'>,
  { type, model }: Sharing,
  { _id, owner }: Pick<Shared, '_id' | 'owner'>,
  sender: Sender,
  username: string,
): Promise<void> {
  await confirmSender({ sender })
  if (!(await model.unshare(_id, sender.user._id, usernameKey(username)))) throw notFound()
  await audit({
    action: 'collaborator.removed',
    user: owner,
    target: { type, id: _id.toString() },
    details: { username },
  })
}
