import { Session, type SessionFields } from '../../models/session.ts'
import type { Services } from '../services.ts'

/** Ends a session: its token is dead at once, on every process. */
export async function endSession(
  { audit }: Pick<Services, 'audit'>,
  { _id, user }: Pick<SessionFields, '_id' | 'user'>,
): Promise<void> {
  await Session.end(_id)
  await audit({ action: 'session.ended', user, target: { type: 'session', id: _id.toString() } })
}
