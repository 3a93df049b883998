import type { Types } from 'mongoose'
import { Capacity, SERVER } from '../../models/capacity.ts'
import { User } from '../../models/user.ts'
import type { AccessLevel } from '../../models/user-fields.ts'
import { unauthenticated } from '../errors.ts'

/**
 * What a user's space holds, in bytes; an admin also sees everybody's together.
 *
 * @throws `unauthenticated` when the account is gone
 */
export async function describeSpace({ _id, access }: { _id: Types.ObjectId; access: AccessLevel }) {
  const space = await User.spaceOf(_id)
  if (!space) throw unauthenticated()
  const { used, reserved, limit, files } = space
  const free = Math.max(0, limit - used - reserved)
  const server = access === 'admin' ? await Capacity.spaceOf(SERVER) : null
  return {
    used,
    reserved,
    limit,
    free,
    files,
    ...(server ? { server: { used: server.used, limit: server.limit } } : {}),
  }
}
