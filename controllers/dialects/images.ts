import type { Request, RequestHandler } from 'express'
import { createAsset } from '../../app/assets/create.ts'
import { searchInTurn } from '../../app/assets/search.ts'
import { signUrl } from '../../app/assets/signed-url.ts'
import { success } from '../../app/envelope.ts'
import { notFound } from '../../app/errors.ts'
import { clientOf } from '../../middleware/client-of.ts'
import type { ListedAsset } from '../../models/asset.ts'
import { searchAssets } from '../../models/asset-search.ts'
import { publicView } from '../../models/views/user.ts'
import { required } from '../required.ts'
import { senderOf } from '../sender-of.ts'

export const create: RequestHandler = async (req, res) => {
  const asset = await createAsset(req.services, required(req.upload), senderOf(req), {})
  res.status(201).json(success({ image: imageView(req, asset) }))
}

/** The caller's own images, newest first. */
export const list: RequestHandler = async (req, res) => {
  const { limit, cursor } = req.valid as { limit: number; cursor?: string }
  const after = req.services.cursors.read('images', cursor)
  const { assets, next } = await searchInTurn(req.services, req.user, clientOf(req), () =>
    searchAssets({ scope: 'mine', media: 'image', tags: [] }, req.user, { sort: 'newest', limit, after }),
  )
  res.json(
    success({
      images: assets.map((asset) => imageView(req, asset)),
      next: req.services.cursors.write('images', next),
    }),
  )
}

export const read: RequestHandler = (req, res) => {
  const asset = required(req.asset)
  if (asset.media !== 'image' || !asset.owner.equals(required(req.user)._id)) throw notFound()
  res.json(success({ image: imageView(req, asset) }))
}

/** An image as the former images service showed it; its address opens for an hour. */
function imageView(req: Request, asset: ListedAsset) {
  const user = required(req.user)
  const file = required(asset.files.find(({ media }) => media === 'image'))
  const { width = null, height = null } = asset.cover?.original ?? {}
  return {
    id: asset._id.toString(),
    user_id: asset.owner.toString(),
    data: {
      name: file.name,
      url: signUrl(req.services, asset, user, { file: file.id }).url,
      fileType: file.mediaType,
      size: file.size,
      width,
      height,
      user: publicView(user),
    },
  }
}
