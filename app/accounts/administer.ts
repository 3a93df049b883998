import type { Details } from '../../models/activity.ts'
import { Session } from '../../models/session.ts'
import type { UserDocument, UserFields } from '../../models/user.ts'
import { grantRights, type Rights } from '../../models/user-state.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import type { Context } from '../context.ts'
import { notFound } from '../errors.ts'
import { keepAnAdmin } from './keep-an-admin.ts'
import { settleSoon } from './settle-readers.ts'

/**
 * Changes what an admin decides of an account. One that is disabled loses its sessions at once, for good, and its
 * public assets until it is enabled again.
 *
 * @throws conflict when no admin would remain, not_found when the account is gone, and what `confirmSender` throws
 */
export async function administer(
  context: Pick<Context, 'audit' | 'changes' | 'log'>,
  admin: Sender,
  user: UserFields,
  rights: Rights,
): Promise<UserDocument> {
  const { audit, changes } = context
  const { _id, access, disabled } = user
  const grant = async (wanted: Rights) => {
    await confirmSender({ sender: admin, access: 'admin' })
    const granted = await grantRights(_id, wanted)
    if (!granted) throw notFound()
    return granted
  }
  const leaves = rights.access === 'user' || rights.disabled === true
  const granted = leaves
    ? await keepAnAdmin(user, {
        leave: () => grant(rights),
        stay: () => grantRights(_id, { access, disabled }),
      })
    : await grant(rights)
  if (granted.disabled) await Session.endAll(_id)
  if (rights.disabled !== undefined) await settleSoon(context, _id)
  await audit({
    action: 'user.changed',
    user: admin.user._id,
    concerns: _id,
    target: { type: 'user', id: _id.toString() },
    details: given(rights),
  })
  if (rights.limit !== undefined || rights.fileLimit !== undefined)
    await changes.publish({ kind: 'space', asset: null, owner: _id, space: true })
  return granted
}

/** Without what was not given. */
function given(rights: Rights): Details {
  return Object.fromEntries(
    Object.entries(rights).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
