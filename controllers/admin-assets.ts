import type { RequestHandler } from 'express'
import { liftLock } from '../app/assets/lock.ts'
import { takeDown } from '../app/assets/take-down.ts'
import { success } from '../app/envelope.ts'
import { adminAssetView } from '../models/views/asset.ts'
import { visibleUsers } from '../models/visible-users.ts'
import { required } from './required.ts'
import { senderOf } from './sender-of.ts'

export const read: RequestHandler = async (req, res) => {
  const asset = required(req.asset)
  const owners = await visibleUsers([asset.owner], req.user)
  const owner = owners.get(asset.owner.toString()) ?? null
  res.json(success({ asset: adminAssetView(asset, owner, req.services.clock.now()) }))
}

export const remove: RequestHandler = async (req, res) => {
  await takeDown(req.services, required(req.asset), senderOf(req))
  res.status(204).end()
}

export const unlock: RequestHandler = async (req, res) => {
  await liftLock(req.services, required(req.asset), senderOf(req))
  res.status(204).end()
}
