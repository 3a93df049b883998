import { lockAsset, releaseHold } from '../app/assets/lock.ts'
import type { Handler } from '../middleware/handle.ts'
import type * as rules from '../routes/asset-sharing.rules.ts'
import { sendAsset } from './send-asset.ts'

export const set: Handler<typeof rules.lock> = async ({ req, context, asset, sender, input }, res) => {
  await sendAsset(req, res, await lockAsset(context, asset, sender, input))
}

export const release: Handler = async ({ context, asset, sender }, res) => {
  await releaseHold(context, asset, sender)
  res.status(204).end()
}
