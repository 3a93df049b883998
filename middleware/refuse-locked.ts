import type { RequestHandler } from 'express'
import { locked } from '../app/errors.ts'
import { isLocked } from '../models/asset-lock.ts'

/** Spares the upload to an asset that is locked; what changes it asks again. */
export const refuseLocked: RequestHandler = (req, _res, next) => {
  if (req.asset && isLocked(req.asset, req.services.clock.now())) throw locked()
  next()
}
