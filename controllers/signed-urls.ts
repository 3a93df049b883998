import { followSignedUrl, signUrl } from '../app/assets/signed-url.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler } from '../middleware/handle.ts'
import type * as rules from '../routes/assets.rules.ts'
import { sendFile, sendPicture } from './send-file.ts'

export const create: Handler<typeof rules.signedUrl> = ({ context, asset, user, input }, res) => {
  res.json(success(signUrl(context, asset, user, input)))
}

/** Sends a file or picture inline if its media type is safe to show in a browser. */
export const open: Handler = async ({ req, context }, res) => {
  const opened = await followSignedUrl(context, String(req.params.token))
  const isPublic = false
  if ('picture' in opened) await sendPicture(req, res, opened, { isPublic })
  else await sendFile(req, res, opened, { isPublic, inline: true })
}
