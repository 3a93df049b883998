import type { Clock } from '../../app/clock.ts'
import { Session } from '../../models/session.ts'
import { type Connection, type Identity, UNAUTHENTICATED } from './connection.ts'
import type { Connections } from './connections.ts'

/** Connections whose sessions are read with one query. */
const BATCH = 1000

type SignedIn = Connection & { identity: Identity }

/**
 * Closes the connections whose session has ended, whichever process ended it. Updates the access level of the other users.
 * A session that expires during an upload lets the upload finish; the end of the upload checks the user again.
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
  const checked = connections.map((connection) => ({ connection, identity: connection.identity }))
  const ids = checked.map(({ identity }) => identity.session)
  const sessions = await Session.activeAmong(ids, now)
  for (const { connection, identity } of checked) {
    // the connection changed to another session during the query
    if (connection.identity !== identity) continue
    const { binary } = connection
    const session = sessions.get(identity.session.toString())
    if (session) {
      identity.expiresAt = session.expiresAt
      if (session.account) identity.user.access = session.account.access
    } else if (!binary.isReceiving || identity.expiresAt > now)
      connection.close(UNAUTHENTICATED, 'the session has ended')
  }
}
