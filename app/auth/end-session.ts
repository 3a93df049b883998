import { Session, type SessionFields } from '../../models/session.ts'
import type { Context } from '../context.ts'
import { notFound } from '../errors.ts'
import { confirmSender, type Sender } from './sender.ts'

/** Ends a session: its token is dead at once, on every process. */
export async function endSession(
  { audit }: Pick<Context, 'audit'>,
  { _id, user }: Pick<SessionFields, '_id' | 'user'>,
): Promise<void> {
  await Session.end(_id)
  await audit({ action: 'session.ended', user, target: { type: 'session', id: _id.toString() } })
}

/** Ends one of the sender's sessions by its id. @throws `not_found` if the sender has no such session, and what `confirmSender` throws */
export async function revokeSession(
  { audit }: Pick<Context, 'audit'>,
  sender: Sender,
  id: string,
): Promise<void> {
  const user = sender.user._id
  await confirmSender({ sender })
  if (!(await Session.revoke(id, user))) throw notFound()
  await audit({ action: 'session.revoked', user, target: { type: 'session', id } })
}
