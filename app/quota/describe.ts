import type { Types } from 'mongoose'
import type { AccessLevel } from '../../models/access-level.ts'
import { Capacity, SERVER } from '../../models/capacity.ts'
import { quotaOf } from '../../models/plugins/space.ts'
import { User } from '../../models/user.ts'
import type { Context } from '../context.ts'
import { invalidToken } from '../errors.ts'

/**
 * Returns the usage and limits of a user, in bytes and numbers of files. For admins also the usage of the server.
 *
 * @throws unauthenticated when the account does not exist any more
 */
export async function describeSpace(
  { config }: Pick<Context, 'config'>,
  { _id, access }: { _id: Types.ObjectId; access: AccessLevel },
) {
  const space = await User.spaceOf(_id)
  if (!space) throw invalidToken()
  const { used, reserved, files } = space
  const { limit, fileLimit } = quotaOf(space, config.space.quota)
  const free = Math.max(0, limit - used - reserved)
  const server = access === 'admin' ? await Capacity.spaceOf(SERVER) : null
  return {
    used,
    reserved,
    limit,
    free,
    files,
    fileLimit,
    ...(server ? { server: { used: server.used, limit: server.limit } } : {}),
  }
}
