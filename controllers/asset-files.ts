import { createHash } from 'node:crypto'
import { create as contentDisposition } from 'content-disposition'
import type { Request, RequestHandler, Response } from 'express'
import { countBytes } from '../app/assets/count-download.ts'
import { replaceFiles } from '../app/assets/replace-files.ts'
import { notFound } from '../app/errors.ts'
import { downloadName } from '../app/media/file-name.ts'
import { describeBytes, isFresh, leaving, sendStream } from '../app/storage/send-object.ts'
import type { AssetFields } from '../models/asset.ts'
import { required } from './required.ts'
import { sendAsset } from './send-asset.ts'
import { sendFile } from './send-file.ts'
import { senderOf } from './sender-of.ts'

export const replace: RequestHandler = async (req, res) => {
  const asset = await replaceFiles(
    req.services,
    required(req.upload),
    required(req.asset),
    senderOf(req),
    req.expectedVersion,
  )
  await sendAsset(req, res, asset)
}

export const open: RequestHandler = async (req, res) => {
  const asset = required(req.asset)
  const file = asset.files.find(({ id }) => id === req.params.fileId)
  if (!file) throw notFound()
  await sendFile(req, res, { asset, file }, mannerOf(req, asset))
}

/** The one file, or all of them as a zip. */
export const download: RequestHandler = async (req, res) => {
  const asset = required(req.asset)
  const [file] = asset.files
  if (!file) throw notFound()
  if (asset.files.length === 1) await sendFile(req, res, { asset, file }, mannerOf(req, asset))
  else await sendZip(req, res, asset)
}

async function sendZip(req: Request, res: Response, asset: AssetFields): Promise<void> {
  const content = asset.files.map(({ name, sha256 }) => [name, sha256])
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  describeBytes(res, { isPublic: isPublic(req, asset), etag: `"${digest}"` })
  res.set({
    'Accept-Ranges': 'none',
    'Content-Disposition': contentDisposition(downloadName(asset.name, 'zip')),
    'Content-Type': 'application/zip',
  })
  if (isFresh(req, res)) res.status(304).end()
  else if (req.method === 'HEAD') res.end()
  else {
    const client = leaving(res)
    await countBytes(asset._id, { link: req.link, whole: true, now: req.services.clock.now() })
    const { zipFiles } = await import('../app/assets/zip.ts')
    const zip = zipFiles(req.services.store, asset.files, asset.updatedAt, client)
    await sendStream(zip, res)
  }
}

const isPublic = ({ link }: Request, { visibility }: AssetFields) => visibility === 'public' && !link

const mannerOf = (req: Request, asset: AssetFields) => ({
  inline: (req.valid as { inline?: boolean }).inline ?? false,
  isPublic: isPublic(req, asset),
})
