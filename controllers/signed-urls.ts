import { followSignedUrl, signUrl } from '../app/assets/signed-url.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler, RouteRequest } from '../middleware/handle.ts'
import type { Valid } from '../middleware/rules.ts'
import { countFiles } from '../models/file-set.ts'
import type * as rules from '../routes/assets.rules.ts'
import { sendDownload } from './asset-files.ts'
import { sendFile, sendPicture } from './send-file.ts'

type Signing = RouteRequest<Valid<typeof rules.signedUrl>>

export const create: Handler<typeof rules.signedUrl> = (request, res) => {
  res.json(success(sign(request, request.user)))
}

export const createByLink: Handler<typeof rules.signedUrl> = (request, res) => {
  res.json(success(sign(request, request.link)))
}

function sign({ context, asset, input }: Signing, signer: Parameters<typeof signUrl>[2]) {
  const { all, ...wanted } = input
  const content = all && countFiles(asset) > 1 ? { zip: true as const } : {}
  return signUrl(context, asset, signer, { ...wanted, ...content })
}

/**
 * Sends a file or picture inline if its media type is safe to show in a browser and the URL was not signed for a
 * download. Browsers can cache it until the URL expires, but ask again for a download, so that each one counts.
 */
export const open: Handler<typeof rules.signedBytes> = async ({ req, context, client }, res) => {
  const opened = await followSignedUrl(context, String(req.params.token), client)
  const maxAge = Math.floor((opened.expiresAt.getTime() - context.clock.now().getTime()) / 1000)
  const options = {
    isPublic: false,
    inline: !opened.download,
    ...(opened.download ? {} : { maxAge }),
    ...(opened.use && { use: opened.use }),
  }
  if ('picture' in opened) await sendPicture(req, res, opened, options)
  else if ('file' in opened) await sendFile(req, res, opened, options)
  else await sendDownload(req, res, opened.asset, options)
}
