import type { RequestHandler } from 'express'
import { followSignedUrl, signUrl } from '../app/assets/signed-url.ts'
import { success } from '../app/envelope.ts'
import { required } from './required.ts'
import { sendFile, sendPicture } from './send-file.ts'

export const create: RequestHandler = (req, res) => {
  const wanted = req.valid as { file?: string; image?: string; expiresIn?: number }
  const signed = signUrl(req.services, required(req.asset), required(req.user), wanted)
  res.json(success(signed))
}

/** The bytes, to be shown where that is safe. */
export const open: RequestHandler = async (req, res) => {
  const { asset, file, picture } = await followSignedUrl(req.services, String(req.params.token))
  const isPublic = false
  if (picture) await sendPicture(req, res, { asset, picture }, { isPublic })
  else await sendFile(req, res, { asset, file: required(file) }, { isPublic, inline: true })
}
