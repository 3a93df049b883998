import type { RequestHandler } from 'express'
import { addImages, removeImage } from '../app/assets/images.ts'
import { notFound } from '../app/errors.ts'
import { picturesOf } from '../models/asset-objects.ts'
import { required } from './required.ts'
import { sendAsset } from './send-asset.ts'
import { sendPicture } from './send-file.ts'
import { senderOf } from './sender-of.ts'

export const add: RequestHandler = async (req, res) => {
  const asset = await addImages(
    req.services,
    required(req.upload),
    required(req.asset),
    senderOf(req),
    req.expectedVersion,
  )
  await sendAsset(req, res, asset, 201)
}

export const remove: RequestHandler = async (req, res) => {
  await removeImage(
    req.services,
    required(req.asset),
    String(req.params.imageId),
    senderOf(req),
    req.expectedVersion,
  )
  res.status(204).end()
}

/** A preview image or a thumbnail. */
export const open: RequestHandler = async (req, res) => {
  const asset = required(req.asset)
  const picture = picturesOf(asset).find(({ id }) => id === req.params.imageId)
  if (!picture) throw notFound()
  await sendPicture(req, res, { asset, picture }, { isPublic: asset.visibility === 'public' && !req.link })
}
