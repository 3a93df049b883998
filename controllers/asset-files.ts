import { createHash } from 'node:crypto'
import { create as contentDisposition } from 'content-disposition'
import type { Request, Response } from 'express'
import { replaceFiles } from '../app/assets/replace-files.ts'
import { notFound } from '../app/errors.ts'
import { downloadName } from '../app/media/file-name.ts'
import { countDownload } from '../app/sharing/links.ts'
import type { Handler } from '../middleware/handle.ts'
import { closeSignal } from '../middleware/request-info.ts'
import type { Valid } from '../middleware/rules.ts'
import type { AssetFields } from '../models/asset.ts'
import type { Whole } from '../models/file-set.ts'
import type * as rules from '../routes/assets.rules.ts'
import { sendAsset } from './send-asset.ts'
import { type SendOptions, sendFile } from './send-file.ts'
import { type Caching, isFresh, sendStream, setBytesHeaders } from './send-object.ts'

export const replace: Handler = async ({ req, context, upload, asset, sender, version }, res) => {
  await sendAsset(req, res, await replaceFiles(context, upload, asset, sender, version))
}

export const open: Handler<typeof rules.bytes> = async ({ req, asset, input }, res) => {
  const file = asset.allFiles.find(({ id }) => id === req.params.fileId)
  if (!file) throw notFound()
  await sendFile(req, res, { asset, file }, optionsOf(req, asset, input))
}

export const download: Handler<typeof rules.bytes> = ({ req, asset, input }, res) =>
  sendDownload(req, res, asset, optionsOf(req, asset, input))

/** Sends the only file of the asset, or a zip of all its files. */
export async function sendDownload(
  req: Request,
  res: Response,
  asset: Whole,
  options: SendOptions,
): Promise<void> {
  const [file] = asset.allFiles
  if (!file) throw notFound()
  if (asset.allFiles.length === 1) await sendFile(req, res, { asset, file }, options)
  else await sendZip(req, res, asset, options)
}

async function sendZip(req: Request, res: Response, asset: Whole, caching: Caching): Promise<void> {
  const content = asset.allFiles.map(({ name, sha256 }) => [name, sha256])
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  setBytesHeaders(res, { ...caching, etag: `"${digest}"` })
  res.set({
    'Accept-Ranges': 'none',
    'Content-Disposition': contentDisposition(downloadName(asset.name, 'zip')),
    'Content-Type': 'application/zip',
  })
  if (isFresh(req, res)) res.status(304).end()
  else if (req.method === 'HEAD') res.end()
  else {
    const client = closeSignal(res)
    await countDownload(asset._id, { link: req.link, whole: true, now: req.context.clock.now() })
    const { zipFiles } = await import('../app/assets/zip.ts')
    const zip = zipFiles(req.context.store, asset.allFiles, asset.updatedAt, client)
    await sendStream(zip, res)
  }
}

const optionsOf = (req: Request, asset: AssetFields, { inline = false }: Valid<typeof rules.bytes>) => ({
  inline,
  isPublic: asset.visibility === 'public' && !req.link,
})
