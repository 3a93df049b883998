import type { Types } from 'mongoose'
import { Activity } from '../../models/activity.ts'
import { Asset } from '../../models/asset.ts'
import { Project } from '../../models/project.ts'
import { Session } from '../../models/session.ts'
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
 * Deletes the account of somebody who has said the password again.
 *
 * @throws bad_credentials (403), too_many_requests, unavailable, and what `removeAccount` throws
 */
export async function deleteAccount(
  context: AssetContext & Pick<Context, 'limits'>,
  sender: Sender,
  { password, client }: { password: string; client: ClientInfo },
): Promise<void> {
  const user = await confirmPassword(context, sender.user._id, password, client)
  await removeAccount(context, user, { sender, access: 'owner' })
}

/**
 * Deletes an account and all that is its own. It is gone for everybody from the first step on; where a later
 * one fails, the sweep goes on from there.
 *
 * @param by who deletes it: its owner, or an admin
 * @throws conflict for the last admin; locked while a lock runs on an asset; what `confirmSender` throws
 */
export async function removeAccount(context: AssetContext, user: UserFields, by: Authority): Promise<void> {
  const sender = by.sender.user._id
  await assertUnlocked(user._id, context.clock.now())
  await requireOtherAdmin(user, {
    change: async () => {
      await confirmSender(by)
      await setDeleting(user._id, true)
    },
    undo: () => setDeleting(user._id, false),
  })
  // a lock that was set meanwhile still counts; one set later keeps its asset, and the account, until it ends
  await assertUnlocked(user._id, context.clock.now()).catch(async (refusal) => {
    await setDeleting(user._id, false)
    throw refusal
  })
  await context.audit({
    action: sender.equals(user._id) ? 'account.deleted' : 'user.deleted',
    user: sender,
    target: { type: 'user', id: user._id.toString() },
  })
  await finishDeletion(context, user._id)
}

/**
 * Removes what an account under deletion still has, and at last the account: only then its names are free.
 *
 * @returns whether there is nothing left to do; if not, call again later
 */
export async function finishDeletion(context: AssetContext, id: Types.ObjectId): Promise<boolean> {
  if (!(await isBeingDeleted(id))) return true
  await Session.endAll(id)
  if (!(await removeEverythingOf(context, id))) return false
  await Project.removeAllOf(id)
  await Activity.forget(id)
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
        message: `${count} locked ${count === 1 ? 'asset holds' : 'assets hold'} the account`,
      },
    ])
}
