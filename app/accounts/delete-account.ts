import type { Types } from 'mongoose'
import { Asset } from '../../models/asset.ts'
import { forgetReader } from '../../models/change-feed.ts'
import { Event } from '../../models/event.ts'
import { IdempotencyKey } from '../../models/idempotency-key.ts'
import { untilReadersKnow } from '../../models/owner-states.ts'
import { Project } from '../../models/project.ts'
import { Session } from '../../models/session.ts'
import { Term } from '../../models/term.ts'
import type { UserFields } from '../../models/user.ts'
import { isBeingDeleted, removeUser, setDeleting } from '../../models/user-state.ts'
import { removeEverythingOf } from '../assets/remove-everything.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import { confirmPassword } from '../auth/credentials.ts'
import { type Authority, confirmSender, type Sender } from '../auth/sender.ts'
import type { AssetContext, Context } from '../context.ts'
import { locked } from '../errors.ts'
import { requireOtherAdmin } from './change-rights.ts'

/**
 * Deletes the account of a user who has confirmed the password. Throws the errors of `removeAccount`, and:
 *
 * @throws bad_credentials (403)
 * @throws too_many_requests
 * @throws unavailable
 */
export async function deleteAccount(
  context: AssetContext & Pick<Context, 'limits'>,
  sender: Sender,
  { password, client }: { password: string; client: ClientInfo },
): Promise<void> {
  const user = await confirmPassword(context, sender.user._id, { password }, client)
  await removeAccount(context, user, { sender, access: 'owner' })
}

/**
 * Deletes an account and all its data. The account is hidden from all users after the first step. If a later step
 * fails, the sweep completes the deletion.
 *
 * @param by the owner or an admin
 * @throws conflict for the last admin
 * @throws locked while an asset of the account is locked
 * @throws unauthenticated as `confirmSender`
 * @throws forbidden as `confirmSender`
 */
export async function removeAccount(context: AssetContext, user: UserFields, by: Authority): Promise<void> {
  const sender = by.sender.user._id
  const cancel = async () => {
    await setDeleting(user._id, false)
    await untilReadersKnow()
  }
  await assertUnlocked(user._id, context.clock.now())
  await requireOtherAdmin(user, {
    change: async () => {
      await confirmSender(by)
      await setDeleting(user._id, true)
    },
    undo: cancel,
  })
  // a lock set before `deleting` prevents the deletion; a later lock delays it until the lock ends
  await assertUnlocked(user._id, context.clock.now()).catch(async (error) => {
    await cancel()
    throw error
  })
  await Session.endAll(user._id)
  await context.events.record({
    action: sender.equals(user._id) ? 'account.deleted' : 'user.deleted',
    user: sender,
    target: { type: 'user', id: user._id.toString() },
  })
  await Promise.all([finishDeletion(context, user._id), untilReadersKnow()])
}

/**
 * Deletes the remaining data of an account under deletion, and then the account itself, which frees its names.
 *
 * @returns whether the deletion is complete; if not, call it again later
 */
export async function finishDeletion(context: AssetContext, id: Types.ObjectId): Promise<boolean> {
  if (!(await isBeingDeleted(id))) return true
  await Session.endAll(id)
  if (!(await removeEverythingOf(context, id))) return false
  await Project.removeAllOf(id)
  await Event.forget(id)
  await forgetReader(id)
  await IdempotencyKey.removeAllOf(id)
  await Term.removeAllOf(id)
  await removeUser(id)
  return true
}

/** @throws locked */
async function assertUnlocked(owner: Types.ObjectId, now: Date): Promise<void> {
  const count = await Asset.countLocked(owner, now)
  if (count > 0)
    throw locked([
      {
        field: 'assets',
        message: `${count} locked ${count === 1 ? 'asset prevents' : 'assets prevent'} the deletion`,
      },
    ])
}
