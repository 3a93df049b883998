import type { Request, Response } from 'express'
import { downloadName } from '../app/media/file-name.ts'
import { canShowInline } from '../app/media/media-types.ts'
import { countDownload } from '../app/sharing/downloads.ts'
import type { LinkUse } from '../app/sharing/links.ts'
import type { ByteRange, ObjectStore } from '../app/storage/object-store.ts'
import { clientOf } from '../middleware/request-info.ts'
import type { AssetFields } from '../models/asset.ts'
import type { AssetFile, Picture } from '../models/asset-files.ts'
import { type Caching, sendBytes } from './send-object.ts'

export interface SendOptions extends Caching {
  /** Show the file in the browser if its media type is safe. That does not count as a download. */
  inline: boolean
  /** Given for a signed URL of a link. */
  use?: LinkUse
}

/** Sends one file of an asset and counts the bytes and the download. */
export async function sendFile(
  req: Request,
  res: Response,
  { asset, file }: { asset: AssetFields; file: AssetFile },
  { inline: wanted, use, ...caching }: SendOptions,
): Promise<void> {
  const inline = wanted && canShowInline(file.mediaType)
  const { key, size, sha256: digest, mediaType, name } = file
  const bytes = { size, digest, mediaType, name, inline, ...caching, modifiedAt: asset.updatedAt }
  await sendBytes({ ...bytes, open: opener(req.context.store, key) }, req, res, async (fromStart) => {
    const now = req.context.clock.now()
    await countDownload(asset._id, {
      link: use?.link ?? req.link,
      use: use?.id,
      client: clientOf(req),
      bytes: digest,
      fromStart,
      inline,
      now,
    })
  })
}

/** Sends a preview image or a thumbnail. That does not count as a download. */
export async function sendPicture(
  req: Request,
  res: Response,
  { asset, picture }: { asset: AssetFields; picture: Picture },
  { inline = true, ...caching }: Partial<Pick<SendOptions, 'inline'>> & Caching,
): Promise<void> {
  const { key, size, sha256: digest, mediaType } = picture
  const name = downloadName(asset.name, String(mediaType.split('/')[1]))
  const bytes = { size, digest, mediaType, name, ...caching, modifiedAt: asset.createdAt, inline }
  await sendBytes({ ...bytes, open: opener(req.context.store, key) }, req, res, async () => undefined)
}

const opener = (store: ObjectStore, key: string) => (range: ByteRange | undefined, signal: AbortSignal) =>
  store.open(key, range, signal)
