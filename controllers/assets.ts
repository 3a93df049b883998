import type { RequestHandler } from 'express'
import { createAsset, type NewAsset } from '../app/assets/create.ts'
import { removeUnused } from '../app/assets/remove-unused.ts'
import { findAssets } from '../app/assets/search.ts'
import type { SearchQuery } from '../app/assets/search-criteria.ts'
import { type AssetChange, updateAsset } from '../app/assets/update.ts'
import { success } from '../app/envelope.ts'
import { clientOf } from '../middleware/client-of.ts'
import { required } from './required.ts'
import { sendAsset } from './send-asset.ts'
import { senderOf } from './sender-of.ts'

export const create: RequestHandler = async (req, res) => {
  const asset = await createAsset(req.services, required(req.upload), senderOf(req), req.valid as NewAsset)
  res.location(`/api/assets/${asset._id}`)
  await sendAsset(req, res, asset, 201)
}

export const list: RequestHandler = async (req, res) => {
  const found = await findAssets(req.valid as SearchQuery, req.user, req.services, clientOf(req))
  res.set('Cache-Control', 'private, no-cache').vary('Authorization').json(success(found))
}

export const read: RequestHandler = (req, res) => sendAsset(req, res, required(req.asset))

export const update: RequestHandler = async (req, res) => {
  const change = req.valid as AssetChange
  const asset = await updateAsset(
    req.services,
    required(req.asset),
    senderOf(req),
    change,
    req.expectedVersion,
  )
  await sendAsset(req, res, asset)
}

export const remove: RequestHandler = async (req, res) => {
  const { force } = req.valid as { force?: boolean }
  await removeUnused(req.services, required(req.asset), senderOf(req), {
    force,
    version: req.expectedVersion,
  })
  res.status(204).end()
}
