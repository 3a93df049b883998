import type { RequestHandler } from 'express'
import { servicesFor } from '../app/activity/audit.ts'
import { USER_AGENT_MAX } from '../models/session.ts'

/** Records the client of the request in every activity that the request leads to. */
export const noteClientInfo: RequestHandler = (req, _res, next) => {
  req.services.proxyCheck.look(req.headers)
  const userAgent = req.get('User-Agent')?.slice(0, USER_AGENT_MAX)
  req.services = servicesFor(req.services, { address: req.ip, userAgent, requestId: String(req.id) })
  next()
}
