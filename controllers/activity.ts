import type { Types } from 'mongoose'
import { success } from '../middleware/envelope.ts'
import type { Handler, RouteRequest } from '../middleware/handle.ts'
import type { Valid } from '../middleware/rules.ts'
import { Event } from '../models/event.ts'
import { serializeActivity } from '../models/views/activity.ts'
import type * as rules from '../routes/users.rules.ts'

/** Lists the activity of the caller's account. */
export const listOwn: Handler<typeof rules.activity> = async (request, res) => {
  res.json(success(await pageFor(request, 'own activity', { account: request.user._id })))
}

/** Lists the activity of all accounts. */
export const listAll: Handler<typeof rules.activity> = async (request, res) => {
  res.json(success(await pageFor(request, 'all activity')))
}

async function pageFor(
  { context, user, input: { limit, cursor } }: RouteRequest<Valid<typeof rules.activity>>,
  query: string,
  whose: { account?: Types.ObjectId } = {},
) {
  const from = context.cursors.read(query, cursor)
  const { activities, next } = await Event.page({ ...whose, now: context.clock.now(), limit, from })
  return {
    activity: activities.map((activity) => serializeActivity(activity, user)),
    next: context.cursors.write(query, next),
  }
}
