import type { RequestHandler } from 'express'
import { unavailable } from '../app/errors.ts'

/** While the process finishes what runs it takes nothing new: another process, or the next one, will. */
export const refuseWhenStopping: RequestHandler = (req, res, next) => {
  if (!req.context.stopping.aborted) return next()
  res.set('Connection', 'close')
  throw unavailable()
}
