import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'

/** A request id that the service takes from a client. */
export const REQUEST_ID = /^[A-Za-z0-9._~:-]{1,100}$/

/** Names the request: the caller's own id when it is a sane token, else a new one. */
export const identifyRequest: RequestHandler = (req, res, next) => {
  const given = req.get('X-Request-Id')
  req.id = given && REQUEST_ID.test(given) ? given : randomUUID()
  res.set('X-Request-Id', String(req.id))
  next()
}
