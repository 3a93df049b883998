import type { RequestParamHandler } from 'express'
import { Types } from 'mongoose'
import { notFound } from '../app/errors.ts'
import { Asset } from '../models/asset.ts'

/** Finds the asset that a path names, whoever may read it: for admins, who see of it what `adminAssetView` shows. */
export const loadAnyAsset: RequestParamHandler = async (req, _res, next, id: string) => {
  const asset = Types.ObjectId.isValid(id) ? await Asset.findById(id).lean() : null
  if (!asset) throw notFound()
  req.asset = asset
  next()
}
