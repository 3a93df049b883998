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
  /** Tells whether the session has run out; default: the system clock. */
  clock?: Clock
}

/**
 * What a change needs at the moment it takes effect: the sender must still be signed in, and must still have this
 * access to what is changed. `admin` is an admin's access to what belongs to others.
 */
export interface Authority {
  sender: Sender
  access: 'write' | 'owner' | 'admin'
}

/**
 * Reads the sender's account and session again. Call it directly before the update that makes a change visible: a
 * request may take as long as its body. A session that runs out meanwhile does not count as ended.
 *
 * @param owner whose data is changed, where that may be somebody else: nobody changes the data of a deleted account
 * @throws `unauthenticated` when the sender is disabled or deleted, the session was ended, or the password was changed in
 *   another session
 * @throws `forbidden` when the sender is no longer an admin, `not_found` when the owner is being deleted
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

/** The access of an authority as a condition on the document that is changed. Nothing where the service itself acts. */
export function accessCondition(by: Authority | undefined) {
  return !by || by.access === 'admin' ? {} : changeableBy(by.sender.user, by.access)
}
