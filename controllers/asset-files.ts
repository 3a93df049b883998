import type { Request, Response } from 'express'
import { checksumsOf } from '../app/assets/checksums.ts'
import { replaceFiles } from '../app/assets/replace-files.ts'
import { openZip, zipOf } from '../app/assets/zip.ts'
import { notFound } from '../app/errors.ts'
import { downloadName } from '../app/media/file-name.ts'
import { countDownload } from '../app/sharing/downloads.ts'
import type { ByteRange } from '../app/storage/object-store.ts'
import type { Handler } from '../middleware/handle.ts'
import { clientOf } from '../middleware/request-info.ts'
import type { Valid } from '../middleware/rules.ts'
import type { AssetFields } from '../models/asset.ts'
import type { Whole } from '../models/file-set.ts'
import type * as rules from '../routes/assets.rules.ts'
import { sendAsset } from './send-asset.ts'
import { type SendOptions, sendFile } from './send-file.ts'
import { sendBytes } from './send-object.ts'

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

/** Sends a zip, always as an attachment. */
async function sendZip(
  req: Request,
  res: Response,
  asset: Whole,
  { isPublic, maxAge, use }: SendOptions,
): Promise<void> {
  const { context } = req
  const link = use?.link ?? req.link
  const zip = zipOf(asset.allFiles, asset.createdAt)
  const { size, digest } = zip
  const open = async (range: ByteRange | undefined, signal: AbortSignal) => {
    const client = { address: req.ip, userAgent: undefined, signal }
    const checksums = await checksumsOf(context, asset, req.user, client)
    return openZip(context.store, zip, checksums, range, signal)
  }
  const bytes = {
    size,
    digest,
    isPublic,
    open,
    mediaType: 'application/zip',
    inline: false,
    name: downloadName(asset.name, 'zip'),
    modifiedAt: asset.updatedAt,
    ...(maxAge === undefined ? {} : { maxAge }),
  }
  await sendBytes(bytes, req, res, (fromStart) =>
    countDownload(asset._id, {
      link,
      use: use?.id,
      client: clientOf(req),
      bytes: digest,
      fromStart,
      inline: false,
      now: context.clock.now(),
    }),
  )
}

const optionsOf = (
  req: Request,
  asset: AssetFields,
  { inline = false, download: isDownload = false }: Valid<typeof rules.bytes>,
) => ({
  inline: inline && !isDownload,
  isPublic: asset.visibility === 'public' && !req.link,
})
