import type { RequestHandler } from 'express'
import { unavailable } from '../app/errors.ts'

/** Nothing that needs the database is begun before its indexes are there: uniqueness stands on them. */
export const refuseUnprepared: RequestHandler = (req, _res, next) => {
  if (!req.services.prepared) throw unavailable()
  next()
}
