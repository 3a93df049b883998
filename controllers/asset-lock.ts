import type { RequestHandler } from 'express'
import { type LockRequest, lockAsset, releaseHold } from '../app/assets/lock.ts'
import { required } from './required.ts'
import { sendAsset } from './send-asset.ts'
import { senderOf } from './sender-of.ts'

export const set: RequestHandler = async (req, res) => {
  await sendAsset(
    req,
    res,
    await lockAsset(req.services, required(req.asset), senderOf(req), req.valid as LockRequest),
  )
}

export const release: RequestHandler = async (req, res) => {
  await releaseHold(req.services, required(req.asset), senderOf(req))
  res.status(204).end()
}
