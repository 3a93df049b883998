import type { RequestParamHandler } from 'express'
import { findAsset } from '../app/assets/find.ts'
import { notFound, unauthenticated } from '../app/errors.ts'

/**
 * Finds the asset that a path names, for the one who asks: what they may not read is as if it were not there.
 * Changes need a token whether it is there or not.
 */
export const loadAsset: RequestParamHandler = async (req, _res, next, id: string) => {
  const asset = await findAsset(id, req.user)
  if (!asset) throw req.user || ['GET', 'HEAD'].includes(req.method) ? notFound() : unauthenticated()
  req.asset = asset
  next()
}
