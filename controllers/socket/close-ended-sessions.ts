import type { Clock } from '../../app/clock.ts'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { type Connection, type Identity, UNAUTHENTICATED } from './connection.ts'
import type { Connections } from './connections.ts'

/** Connections whose sessions are read with one query. */
const BATCH = 1000

type SignedIn = Connection & { identity: Identity }

/**
 * Closes the connections whose session has ended or whose user can no longer use the account, whichever process ended
 * it. Updates the access level of the other users. A session that expires during an upload lets the upload finish.
 */
export async function closeEndedSessions(
  { clock }: { clock: Clock },
  connections: Connections,
): Promise<void> {
  const signedIn = [...connections].filter((one): one is SignedIn => one.identity !== null)
  for (let from = 0; from < signedIn.length; from += BATCH)
    await closeBatch(signedIn.slice(from, from + BATCH), clock.now())
}

async function closeBatch(connections: SignedIn[], now: Date): Promise<void> {
  const [sessions, users] = await Promise.all([
    Session.activeAmong(
      connections.map(({ identity }) => identity.session),
      now,
    ),
    User.activeAmong(connections.map(({ identity }) => identity.user._id)),
  ])
  for (const connection of connections) {
    const { identity, binary } = connection
    const { session, user } = identity
    const access = users.get(user._id.toString())
    const expiresAt = sessions.get(session.toString())
    if (expiresAt) identity.expiresAt = expiresAt
    const expiredDuringUpload = binary.isReceiving && identity.expiresAt <= now
    if (access && (expiresAt || expiredDuringUpload)) user.access = access
    else connection.close(UNAUTHENTICATED, 'the session has ended')
  }
}
