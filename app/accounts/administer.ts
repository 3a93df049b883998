import type { Rights } from '../../models/plugins/administration.ts'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import type { UserDocument, UserFields } from '../../models/user-shape.ts'
import { notFound } from '../errors.ts'
import { keepAnAdmin } from './keep-an-admin.ts'

/**
 * Changes what an admin decides of an account. One that is disabled loses its sessions at once, for good.
 *
 * @throws conflict when no admin would remain, not_found when the account is gone
 */
export async function administer(user: UserFields, rights: Rights): Promise<UserDocument> {
  const { _id, access, disabled } = user
  const grant = async (given: Rights) => {
    const granted = await User.grant(_id, given)
    if (!granted) throw notFound()
    return granted
  }
  const leaves = rights.access === 'user' || rights.disabled === true
  const granted = leaves
    ? await keepAnAdmin(user, { leave: () => grant(rights), stay: () => grant({ access, disabled }) })
    : await grant(rights)
  if (granted.disabled) await Session.endAll(_id)
  return granted
}
