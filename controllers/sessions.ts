import { readAccount, revokeSession } from '../app/auth/sessions.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler } from '../middleware/handle.ts'
import { Session } from '../models/session.ts'
import { serializeSession } from '../models/views/session.ts'
import { serializeOwnUser } from '../models/views/user.ts'
import type * as rules from '../routes/auth.rules.ts'

/** Returns the caller and the session of their token. */
export const current: Handler = async ({ context, session }, res) => {
  res.json(
    success({
      user: serializeOwnUser(await readAccount(session), context.config.space.quota),
      session: serializeSession(session, session),
    }),
  )
}

/** Lists the caller's active sessions, newest first. */
export const list: Handler<typeof rules.sessions> = async ({ context, session, input }, res) => {
  const from = context.cursors.read('sessions', input.cursor)
  const page = await Session.listActive(session.user, context.clock.now(), { limit: input.limit, from })
  res.json(
    success({
      sessions: page.sessions.map((one) => serializeSession(one, session)),
      next: context.cursors.write('sessions', page.next),
    }),
  )
}

/** Ends one of the caller's sessions. */
export const revoke: Handler = async ({ req, context, sender }, res) => {
  await revokeSession(context, sender, String(req.params.sessionId))
  res.status(204).end()
}
