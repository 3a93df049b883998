import type { RequestHandler } from 'express'
import { loadAsset } from './load-asset.ts'

/** Finds the asset that the field `id` names, as `loadAsset` does for a path. */
export const loadNamedAsset: RequestHandler = (req, res, next) =>
  loadAsset(req, res, next, (req.valid as { id: string }).id, 'id')
