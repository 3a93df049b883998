import type { RequestHandler } from 'express'
import { contextFor } from '../app/activity/audit.ts'
import { USER_AGENT_MAX } from '../models/session.ts'

/** Records the client of the request in every activity that the request leads to. */
export const noteClientInfo: RequestHandler = (req, _res, next) => {
  req.context.proxyCheck.look(req.headers)
  const userAgent = req.get('User-Agent')?.slice(0, USER_AGENT_MAX)
  req.context = contextFor(req.context, { address: req.ip, userAgent, requestId: String(req.id) })
  next()
}
