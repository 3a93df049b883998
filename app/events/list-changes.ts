import type { Types } from 'mongoose'
import type { Caller } from '../../models/asset-access.ts'
import { changesFor, kindFor, LAST_ID, type ListedChange } from '../../models/change-feed.ts'
import { databaseTime } from '../../models/database-time.ts'
import { CHANGES_MS } from '../../models/event.ts'
import { Installation } from '../../models/installation.ts'
import type { Position } from '../../models/plugins/page.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import type { Context } from '../context.ts'
import { changesExpired } from '../errors.ts'
import { callerKey } from '../queues/queues.ts'

/**
 * How far before the present a list of changes ends, in milliseconds. A change has the time at which the database stores
 * it, and all processes can read it a second later at the latest, or it gets a new time. So no change appears before the
 * end of a list that was read already, as long as the clocks of the members of a database differ by less than the rest.
 */
const CHANGES_LAG_MS = 2000

/** The value of a position: the time of a change, and the database. A restored database has another id. */
interface Value {
  at: Date
  database: string
}

/**
 * Returns changes of the assets that the caller can read or could read then, oldest first, and the cursor after them.
 *
 * @param query.since a cursor; undefined: from the oldest change that is kept
 * @throws validation_failed for a cursor that is invalid or of another user
 * @throws changes_expired for an older cursor, or one from before a restore
 * @throws unavailable when too many searches wait
 */
export async function listChanges(
  { cursors, queues }: Pick<Context, 'cursors' | 'queues'>,
  user: Caller,
  client: ClientInfo,
  { since, limit }: { since?: string; limit: number },
): Promise<{ changes: ListedChange[]; next: string }> {
  const query = ['changes', user._id]
  const position = cursors.read(query, since, 'list', 'since') as Position<Value> | undefined
  const [now, database] = await Promise.all([databaseTime(), Installation.currentId()])
  const oldest = new Date(now.getTime() - CHANGES_MS)
  if (position && (position[0].at < oldest || position[0].database !== database)) throw changesExpired()

  const upTo = new Date(now.getTime() - CHANGES_LAG_MS)
  const after: Position<Date> = position ? [position[0].at, position[1]] : [oldest, LAST_ID]
  const read = () => changesFor(user, { after, upTo, limit: limit + 1 })
  const found = after[0] > upTo ? [] : await queues.searches.run(callerKey(user, client), read, client.signal)
  const listed = found.slice(0, limit)
  const last = found.length > limit ? listed.at(-1) : undefined
  const end: [Date, Types.ObjectId] = last
    ? [last.storedAt, last._id]
    : after[0] > upTo
      ? [...after]
      : [upTo, LAST_ID]
  return {
    changes: listed.flatMap((change) => {
      const kind = kindFor(change, user)
      return kind ? [{ id: change.asset.toString(), kind, at: change.storedAt }] : []
    }),
    next: String(cursors.write(query, [{ at: end[0], database }, end[1]])),
  }
}
