import type { Context } from '../../app/context.ts'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { UNAUTHENTICATED } from './close-codes.ts'
import type { Connection, Identity } from './connection.ts'
import type { Connections } from './connections.ts'

/** So many sessions are looked up with one query. */
const BATCH = 1000

type SignedIn = Connection & { identity: Identity }

/**
 * Closes the sockets whose session has ended, or whose user may no longer use the account, on whichever process
 * that was decided; and notes what the others' users are by now. A session that merely runs out does not end the upload
 * on its socket.
 */
export async function closeEnded({ clock }: Pick<Context, 'clock'>, connections: Connections): Promise<void> {
  const signedIn = [...connections].filter((one): one is SignedIn => one.identity !== null)
  for (let from = 0; from < signedIn.length; from += BATCH)
    await closeEndedAmong(signedIn.slice(from, from + BATCH), clock.now())
}

async function closeEndedAmong(connections: SignedIn[], now: Date): Promise<void> {
  const [sessions, users] = await Promise.all([
    Session.livingAmong(
      connections.map(({ identity }) => identity.session),
      now,
    ),
    User.activeAmong(connections.map(({ identity }) => identity.user._id)),
  ])
  for (const connection of connections) {
    const { identity, bytes } = connection
    const { session, user } = identity
    const access = users.get(user._id.toString())
    const expiresAt = sessions.get(session.toString())
    if (expiresAt) identity.expiresAt = expiresAt
    const uploadGoesOn = bytes.isTaken && identity.expiresAt <= now
    if (access && (expiresAt || uploadGoesOn)) user.access = access
    else connection.close(UNAUTHENTICATED, 'the session has ended')
  }
}
