import { Types } from 'mongoose'
import { includesViewer, readerNames, type Viewer } from './asset-access.ts'
import { Event, type EventFields } from './event.ts'
import { afterPosition, type Order, type Position, sortBy } from './plugins/page.ts'

/** The order of changes: that of the database's clock. */
const OLDEST: Order = { field: 'storedAt', direction: 1 }

/** The id after all others. */
export const LAST_ID = new Types.ObjectId('f'.repeat(24))

/** Length of the first period that is searched for a page of changes, in milliseconds. Each further one is longer. */
const FIRST_PERIOD_MS = 60_000
const PERIOD_GROWTH = 4
/** Longest time of a query, in milliseconds. */
const MAX_QUERY_MS = 5000

export const CHANGE_KINDS = ['created', 'updated', 'deleted'] as const

/** A change of an asset as a list of changes shows it. */
export interface ListedChange {
  id: string
  kind: (typeof CHANGE_KINDS)[number]
  at: Date
}

export type StoredChange = Pick<
  EventFields,
  '_id' | 'kind' | 'readers' | 'readersBefore' | 'readersAfter'
> & {
  asset: Types.ObjectId
  storedAt: Date
}

const LISTED = { kind: 1, asset: 1, storedAt: 1, readers: 1, readersBefore: 1, readersAfter: 1 } as const

/**
 * Returns the changes that concern a viewer after a position and up to a time, oldest first. Searches short periods first,
 * because some engines cannot read an index in the order of a sort: they would read and sort all changes of 30 days.
 */
export async function changesFor(
  viewer: Viewer,
  { after, upTo, limit }: { after: Position<Date>; upTo: Date; limit: number },
): Promise<StoredChange[]> {
  const found: StoredChange[] = []
  let position = after
  let periodMs = FIRST_PERIOD_MS
  for (;;) {
    const end = new Date(Math.min(position[0].getTime() + periodMs, upTo.getTime()))
    const branches = readerNames(viewer).map((readers) => ({
      $and: [{ readers }, afterPosition(OLDEST, position), { storedAt: { $lte: end } }],
    }))
    const page = await Event.collection
      .find<StoredChange>(
        { $or: branches },
        { projection: LISTED, sort: sortBy(OLDEST), limit: limit - found.length, maxTimeMS: MAX_QUERY_MS },
      )
      .toArray()
    found.push(...page)
    if (found.length === limit || end >= upTo) return found
    position = [end, LAST_ID]
    periodMs *= PERIOD_GROWTH
  }
}

/**
 * Returns what a change means for a viewer: losing the right to read is `deleted`, gaining it `created`. Null if the viewer
 * could read the asset neither before nor after the change.
 */
export function kindFor(change: StoredChange, viewer: Viewer): ListedChange['kind'] | null {
  const { kind, readers, readersBefore: before, readersAfter: after } = change
  if (kind === 'asset.created') return 'created'
  if (kind === 'asset.deleted') return 'deleted'
  if (!before || !after) return includesViewer(readers ?? [], viewer) ? 'updated' : null
  const [could, can] = [before, after].map((names) => includesViewer(names, viewer))
  if (could) return can ? 'updated' : 'deleted'
  return can ? 'created' : null
}

/** Returns whether the event with an id is stored. */
export async function isRecorded(id: Types.ObjectId): Promise<boolean> {
  return (await Event.exists({ _id: id })) !== null
}

/** Removes a deleted account from the changes: as a reader, and as the owner of the assets that other users could read. */
export async function forgetReader(user: Types.ObjectId): Promise<void> {
  const readers = user.toString()
  await Event.deleteMany({ readers, 'readers.1': { $exists: false }, action: { $exists: false } })
  await Event.updateMany({ readers, owner: user }, { $unset: { owner: 1 } })
  await Event.updateMany({ readers }, { $pull: { readers, readersBefore: readers, readersAfter: readers } })
}
