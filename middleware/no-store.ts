import type { RequestHandler } from 'express'

/** What follows is between the caller and us, unless its handler says otherwise: no cache keeps it. */
export const forbidCaching: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store')
  next()
}
