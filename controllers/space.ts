import type { RequestHandler } from 'express'
import { success } from '../app/envelope.ts'
import { Capacity, SERVER } from '../models/capacity.ts'
import { User } from '../models/user.ts'
import { required } from './required.ts'

/** What the caller's space holds; an admin also sees everybody's together. */
export const read: RequestHandler = async (req, res) => {
  const { _id, access } = required(req.user)
  const { used, reserved, limit, files } = await User.spaceOf(_id).then((space) =>
    required(space ?? undefined),
  )
  const free = Math.max(0, limit - used - reserved)
  const server = access === 'admin' ? await Capacity.spaceOf(SERVER) : null
  res.json(
    success({
      used,
      reserved,
      limit,
      free,
      files,
      ...(server ? { server: { used: server.used, limit: server.limit } } : {}),
    }),
  )
}
