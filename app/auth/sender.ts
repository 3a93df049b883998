import type { Types } from 'mongoose'
import { changeableBy, type Viewer } from '../../models/asset-access.ts'
import { Session, type SessionFields } from '../../models/session.ts'
import { isSessionValid } from '../../models/user.ts'
import { statesOf } from '../../models/user-state.ts'
import type { Clock } from '../clock.ts'
import { forbidden, notFound, unauthenticated } from '../errors.ts'

/** The signed-in user who sends a request, and the session it is sent in. */
export interface Sender {
  user: NonNullable<Viewer>
  session: SessionFields
  /** Decides whether the session has expired; default: the system clock. */
  clock?: Clock
}

/**
 * The conditions of a change when it takes effect: the sender must still be signed in, and must still have this access
 * to the changed document. `admin` is an admin's access to the documents of other users.
 */
export interface Authority {
  sender: Sender
  access: 'write' | 'owner' | 'admin'
}

/**
 * Reads the sender's account and session again. Call it directly before the update that makes a change visible, because
 * a request can last as long as the upload of its body. A session that expires during the request does not count as
 * ended.
 *
 * @param owner of the changed data; default: the sender. The data of a deleted account cannot be changed
 * @throws unauthenticated when the sender is disabled or deleted, the session was ended, or the password was changed in
 *   another session
 * @throws forbidden when the sender is no longer an admin
 * @throws not_found when the owner is being deleted
 */
export async function confirmSender(
  { sender: { session, clock }, access }: Pick<Authority, 'sender'> & { access?: Authority['access'] },
  owner: Types.ObjectId = session.user,
): Promise<void> {
  const ids = owner.equals(session.user) ? [owner] : [session.user, owner]
  if (await Session.isEnded(session, clock?.now())) throw unauthenticated()
  const accounts = await statesOf(ids)
  const user = accounts.find(({ _id }) => _id.equals(session.user))
  if (!user || user.disabled || !isSessionValid(user, session)) throw unauthenticated()
  if (access === 'admin' && user.access !== 'admin') throw forbidden()
  if (accounts.length < ids.length) throw notFound()
}

/**
 * Returns the access of an authority as a condition on the changed document. Without an authority, when the service
 * itself makes the change, there is no condition.
 */
export function accessCondition(by: Authority | undefined) {
  return !by || by.access === 'admin' ? {} : changeableBy(by.sender.user, by.access)
}
