import type { RequestHandler } from 'express'
import { servicesFor } from '../app/activity/client-info.ts'
import { USER_AGENT_MAX } from '../models/session.ts'

/** Lets whatever the request leads to be on record with where it came from. */
export const noteOrigin: RequestHandler = (req, _res, next) => {
  req.services.proxyCheck.look(req.headers)
  const userAgent = req.get('User-Agent')?.slice(0, USER_AGENT_MAX) ?? null
  req.services = servicesFor(req.services, { address: req.ip ?? null, userAgent, requestId: String(req.id) })
  next()
}
