import type { Request, RequestHandler } from 'express'
import type { Types } from 'mongoose'
import { success } from '../app/envelope.ts'
import { Activity } from '../models/activity.ts'
import { activityView } from '../models/views/activity.ts'
import { required } from './required.ts'

/** What the caller has done, and what was done to them. */
export const listOwn: RequestHandler = async (req, res) => {
  const { _id } = required(req.user)
  res.json(success(await pageFor(req, 'own activity', { account: _id })))
}

/** What everybody has done. */
export const listAll: RequestHandler = async (req, res) => {
  res.json(success(await pageFor(req, 'all activity')))
}

async function pageFor(req: Request, query: string, whose: { account?: Types.ObjectId } = {}) {
  const { limit, cursor } = req.valid as { limit: number; cursor?: string }
  const viewer = required(req.user)
  const now = req.services.clock.now()
  const from = req.services.cursors.read(query, cursor)
  const { activities, next } = await Activity.page({ ...whose, now, limit, from })
  return {
    activity: activities.map((activity) => activityView(activity, viewer)),
    next: req.services.cursors.write(query, next),
  }
}
