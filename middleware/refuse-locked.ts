import type { RequestHandler } from 'express'
import { lockedBy } from '../app/assets/locked-by.ts'
import { isLocked } from '../models/asset.ts'

/** Spares the upload to an asset that is locked; what changes it asks again. */
export const refuseLocked: RequestHandler = (req, _res, next) => {
  const now = req.context.clock.now()
  if (req.asset && isLocked(req.asset, now)) throw lockedBy(req.asset, now)
  next()
}
