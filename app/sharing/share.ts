import type { Types } from 'mongoose'
import type { Announcement, AssetFields } from '../../models/asset.ts'
import { announced, announcement } from '../../models/asset-announcements.ts'
import {
  type Collaborator,
  MAX_COLLABORATORS,
  named,
  type Push,
  type Shared,
  type SharingStatics,
} from '../../models/plugins/sharing.ts'
import { User, usernameKey } from '../../models/user.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import type { Context } from '../context.ts'
import { conflict, notFound, validationFailed, versionConflict } from '../errors.ts'
import { recordAnnounced } from '../events/asset-events.ts'
import type { AuditEntry } from '../events/event-log.ts'

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
  context: Pick<Context, 'clock' | 'events' | 'log'>,
  sharing: Sharing,
  { _id, owner }: Pick<Shared, '_id' | 'owner'>,
  sender: Sender,
  { username, access, isNew = false }: { username: string; access: 'read' | 'write'; isNew?: boolean },
): Promise<Collaborator> {
  const { type, model } = sharing
  const key = usernameKey(username)
  const user = await User.idOf(username)
  if (user && owner.equals(user)) throw validationFailed([{ field: 'username', message: 'is the owner' }])
  const given = { username, usernameKey: key, user, access, addedAt: context.clock.now() }
  await confirmSender({ sender })
  const event = new SharingEvent(sharing, owner)
  const shared = await model.share(_id, sender.user._id, given, { isNew, push: event.push })
  if (shared === 'exists') throw versionConflict(`The ${type} is shared with this name already.`)
  const kept = shared && named(shared.collaborators, key)
  if (!kept) throw conflict(`The ${type} was deleted, or it already has ${MAX_COLLABORATORS} collaborators.`)
  await event.record(context, shared, {
    action: 'collaborator.set',
    user: owner,
    target: { type, id: _id.toString() },
    details: { username, access },
  })
  return kept
}

/** The event of a change of collaborators. For an asset it is also a change, for the owner and the collaborator. */
class SharingEvent {
  #change: Announcement | undefined

  constructor(
    private readonly sharing: Sharing,
    private readonly owner: Types.ObjectId,
  ) {}

  readonly push: Push = (reader, isTouched) => {
    if (this.sharing.type === 'project') return {}
    const concerns = [this.owner.toString(), reader]
    this.#change = announcement({ touched: isTouched ? [reader] : [], concerns })
    return announced(this.#change)
  }

  /** For unknown names too, so that they take as long; nobody but the owner receives that change. */
  async record(context: Pick<Context, 'events' | 'log'>, shared: Shared, audit: AuditEntry): Promise<void> {
    if (this.#change) await recordAnnounced(context, shared as AssetFields, this.#change, { audit })
    else await context.events.record(audit)
  }
}

/**
 * Removes a collaborator.
 *
 * @throws `not_found` when the name is not in the list
 * @throws what `confirmSender` throws
 */
export async function unshareWith(
  context: Pick<Context, 'events' | 'log'>,
  sharing: Sharing,
  { _id, owner }: Pick<Shared, '_id' | 'owner'>,
  sender: Sender,
  username: string,
): Promise<void> {
  const { type, model } = sharing
  await confirmSender({ sender })
  const event = new SharingEvent(sharing, owner)
  const shared = await model.unshare(_id, sender.user._id, usernameKey(username), event.push)
  if (!shared) throw notFound()
  await event.record(context, shared, {
    action: 'collaborator.removed',
    user: owner,
    target: { type, id: _id.toString() },
    details: { username },
  })
}
