import { addImages, removeImage } from '../app/assets/images.ts'
import { notFound } from '../app/errors.ts'
import type { Handler } from '../middleware/handle.ts'
import { picturesOf } from '../models/asset-objects.ts'
import { sendAsset } from './send-asset.ts'
import { sendPicture } from './send-file.ts'

export const add: Handler = async ({ req, context, upload, asset, sender, version }, res) => {
  await sendAsset(req, res, await addImages(context, upload, asset, sender, version), {
    status: 201,
  })
}

export const remove: Handler = async ({ req, context, asset, sender, version }, res) => {
  await removeImage(context, asset, String(req.params.imageId), sender, version)
  res.status(204).end()
}

/** Sends a preview image or a thumbnail. */
export const open: Handler = async ({ req, asset }, res) => {
  const picture = picturesOf(asset).find(({ id }) => id === req.params.imageId)
  if (!picture) throw notFound()
  await sendPicture(req, res, { asset, picture }, { isPublic: asset.visibility === 'public' && !req.link })
}
