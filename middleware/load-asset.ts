import type { RequestParamHandler } from 'express'
import { notFound, unauthenticated } from '../app/errors.ts'
import { Asset } from '../models/asset.ts'
import { visibleTo } from '../models/asset-access.ts'

const ID = /^[0-9a-f]{24}$/

/**
 * Finds the asset that a path names, for the one who asks: what they may not read is as if it were not there.
 * Changes need a token whether it is there or not.
 */
export const loadAsset: RequestParamHandler = async (req, _res, next, id: string) => {
  const asset = ID.test(id) ? await Asset.findOne({ _id: id, ...visibleTo(req.user) }).lean() : null
  if (!asset) throw req.user || ['GET', 'HEAD'].includes(req.method) ? notFound() : unauthenticated()
  req.asset = asset
  next()
}
