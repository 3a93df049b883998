import type { RequestHandler } from 'express'
import { withOrigin } from '../app/origin.ts'

/** Longer ones tell no more. */
const USER_AGENT_MAX = 500

/** Keeps from where the request comes at hand for whatever it leads to. */
export const noteOrigin: RequestHandler = (req, _res, next) => {
  const userAgent = req.get('User-Agent')?.slice(0, USER_AGENT_MAX) ?? null
  withOrigin({ address: req.ip ?? null, userAgent, requestId: String(req.id) }, next)
}
