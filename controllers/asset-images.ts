import type { RequestHandler } from 'express'
import { addImages, removeImage } from '../app/assets/images.ts'
import { notFound } from '../app/errors.ts'
import { sendObject } from '../app/storage/send-object.ts'
import type { AssetFields, Picture } from '../models/asset-shape.ts'
import { required } from './required.ts'
import { sendAsset } from './send-asset.ts'

export const add: RequestHandler = async (req, res) => {
  const asset = await addImages(req.services, required(req.upload), required(req.asset), req.expectedVersion)
  await sendAsset(req, res, asset, 201)
}

export const remove: RequestHandler = async (req, res) => {
  await removeImage(req.services, required(req.asset), String(req.params.imageId), req.expectedVersion)
  res.status(204).end()
}

/** A preview image or a thumbnail; looking at pictures is no download. */
export const open: RequestHandler = async (req, res) => {
  const asset = required(req.asset)
  const picture = picturesOf(asset).find(({ id }) => id === req.params.imageId)
  if (!picture) throw notFound()
  const { key, size, sha256, mediaType } = picture
  const name = `${asset.name}.${mediaType.split('/')[1]}`
  const isPublic = asset.visibility === 'public' && !req.link
  const sendable = { key, size, sha256, mediaType, name, isPublic, modifiedAt: asset.createdAt, inline: true }
  await sendObject(req.services.store, sendable, req, res, async () => undefined)
}

function picturesOf({ images, cover }: AssetFields): Picture[] {
  return [...images.flatMap((image) => [image, image.thumbnail]), ...(cover ? [cover] : [])]
}
