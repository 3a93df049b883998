import type { RequestHandler } from 'express'
import { revokeSession } from '../app/auth/end-session.ts'
import { success } from '../app/envelope.ts'
import { Session } from '../models/session.ts'
import { sessionView } from '../models/views/session.ts'
import { ownerView } from '../models/views/user.ts'
import { required } from './required.ts'
import { senderOf } from './sender-of.ts'

/** The caller, and the session of their token. */
export const current: RequestHandler = async (req, res) => {
  const session = required(req.session)
  res.json(
    success({
      user: ownerView(required(req.user), req.services.config.space.quota),
      session: sessionView(session, session),
    }),
  )
}

/** The caller's live sessions, newest first. */
export const list: RequestHandler = async (req, res) => {
  const { limit, cursor } = req.valid as { limit: number; cursor?: string }
  const session = required(req.session)
  const from = req.services.cursors.read('sessions', cursor)

  const page = await Session.listLive(session.user, req.services.clock.now(), { limit, from })
  res.json(
    success({
      sessions: page.sessions.map((one) => sessionView(one, session)),
      next: req.services.cursors.write('sessions', page.next),
    }),
  )
}

/** Ends one of the caller's sessions. */
export const revoke: RequestHandler<{ sessionId: string }> = async (req, res) => {
  await revokeSession(req.services, senderOf(req), req.params.sessionId)
  res.status(204).end()
}
