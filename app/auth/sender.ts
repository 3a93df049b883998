import type { Types } from 'mongoose'
import { changeableBy, type Viewer } from '../../models/asset-access.ts'
import type { SessionFields } from '../../models/session.ts'
import { currentAccount } from '../../models/session-account.ts'
import { isKept } from '../../models/user-state.ts'
import type { Clock } from '../clock.ts'
import { forbidden, invalidToken, notFound } from '../errors.ts'

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
 * Reads the sender's session again, with the account that it stores. Call it directly before the update that makes a
 * change visible, because a request can last as long as the upload of its body. A session that expires during the request
 * does not count as ended.
 *
 * Another owner is read last. The deletion of an account removes its data soon after it has begun, and a change that is
 * made after that would stay forever. A sender who has just signed out does no such harm. The owner's own session needs no
 * second read, because a deletion ends the sessions before it removes the data.
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
  const account = await currentAccount(session, clock?.now() ?? new Date())
  if (!account) throw invalidToken()
  if (access === 'admin' && account.access !== 'admin') throw forbidden()
  if (!owner.equals(session.user) && !(await isKept(owner))) throw notFound()
}

/**
 * Returns the access of an authority as a condition on the changed document. Without an authority, when the service
 * itself makes the change, there is no condition.
 */
export function accessCondition(by: Authority | undefined) {
  return !by || by.access === 'admin' ? {} : changeableBy(by.sender.user, by.access)
}
