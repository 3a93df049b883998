import type { RequestHandler } from 'express'
import { createAsset, type NewAsset } from '../app/assets/create.ts'
import { presentAssets } from '../app/assets/present.ts'
import { removeAsset } from '../app/assets/remove.ts'
import { type AssetChange, updateAsset } from '../app/assets/update.ts'
import { success } from '../app/envelope.ts'
import { validationFailed } from '../app/errors.ts'
import { refuseUsed } from '../app/projects/references.ts'
import { countAssets, facetAssets } from '../models/asset-facets.ts'
import { searchAssets } from '../models/asset-search.ts'
import { readCursor, writeCursor } from '../models/plugins/page.ts'
import { required } from './required.ts'
import { criteriaOf, type SearchQuery } from './search-criteria.ts'
import { sendAsset } from './send-asset.ts'

export const create: RequestHandler = async (req, res) => {
  const asset = await createAsset(req.services, required(req.upload), req.valid as NewAsset)
  res.location(`/api/assets/${asset._id}`)
  await sendAsset(req, res, asset, 201)
}

export const list: RequestHandler = async (req, res) => {
  const { cursor, limit, facets, count, ...query } = req.valid as SearchQuery
  const { criteria, sort } = await criteriaOf(query, req.user)
  const after = cursor ? readCursor(query, cursor) : undefined
  if (after === null) throw validationFailed([{ field: 'cursor', message: 'does not belong to this search' }])

  const [page, counts, total] = await Promise.all([
    searchAssets(criteria, req.user, { sort, limit, after }),
    facets ? facetAssets(criteria, req.user) : undefined,
    count ? countAssets(criteria, req.user) : undefined,
  ])
  res
    .set('Cache-Control', 'private, no-cache')
    .vary('Authorization')
    .json(
      success({
        assets: await presentAssets(page.assets, req.user, req.services.clock.now()),
        next: page.next && writeCursor(query, page.next),
        ...(counts ? { facets: counts } : {}),
        ...(total === undefined ? {} : { total }),
      }),
    )
}

export const read: RequestHandler = (req, res) => sendAsset(req, res, required(req.asset))

export const update: RequestHandler = async (req, res) => {
  const change = req.valid as AssetChange
  const asset = await updateAsset(
    req.services,
    required(req.asset),
    required(req.user),
    change,
    req.expectedVersion,
  )
  await sendAsset(req, res, asset)
}

export const remove: RequestHandler = async (req, res) => {
  const { force = false } = req.valid as { force?: boolean }
  if (!force) await refuseUsed(required(req.asset), req.user)
  await removeAsset(req.services, required(req.asset), req.expectedVersion)
  res.status(204).end()
}
