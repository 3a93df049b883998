import { liftLock } from '../app/assets/lock.ts'
import { takeDown } from '../app/assets/take-down.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler } from '../middleware/handle.ts'
import { serializeAssetForAdmin } from '../models/views/asset.ts'
import { visibleUsers } from '../models/visible-users.ts'

export const read: Handler = async ({ context, user, asset }, res) => {
  const owners = await visibleUsers([asset.owner], user)
  const owner = owners.get(asset.owner.toString()) ?? null
  res.json(success({ asset: serializeAssetForAdmin(asset, owner, context.clock.now()) }))
}

export const remove: Handler = async ({ context, asset, sender }, res) => {
  await takeDown(context, asset, sender)
  res.status(204).end()
}

export const unlock: Handler = async ({ context, asset, sender }, res) => {
  await liftLock(context, asset, sender)
  res.status(204).end()
}
