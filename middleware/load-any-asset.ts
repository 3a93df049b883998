import type { RequestParamHandler } from 'express'
import { notFound } from '../app/errors.ts'
import { Asset } from '../models/asset.ts'
import { isId } from '../models/ids.ts'

/** Finds the asset that a path names, whoever may read it: for admins, who see of it what `serializeAssetForAdmin` shows. */
export const loadAnyAsset: RequestParamHandler = async (req, _res, next, id: string) => {
  const asset = isId(id) ? await Asset.byId(id) : null
  if (!asset) throw notFound()
  req.asset = asset
  next()
}
