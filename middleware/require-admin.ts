import type { RequestHandler } from 'express'
import { forbidden } from '../app/errors.ts'

/** Only admins pass. Whoever is none is refused before anything is looked up, so that the refusal tells nothing. */
export const mustBeAdmin: RequestHandler = (req, _res, next) => {
  if (req.user?.access !== 'admin') throw forbidden()
  next()
}
