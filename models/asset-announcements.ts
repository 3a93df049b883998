import { Types } from 'mongoose'
import { type Announcement, Asset, type AssetFields } from './asset.ts'

/** Time after a change after which its event counts as missing, in milliseconds. */
const OVERDUE_MS = 10_000

/** Returns the announcement of a change; by default it adds and removes no readers and concerns all of them. */
export const announcement = (change: Partial<Announcement> = {}): Announcement => ({
  id: new Types.ObjectId(),
  at: new Date(),
  touched: [],
  ...change,
})

/** Returns the operand of `$push` that announces a change in its update. */
export const announced = (change: Announcement) => ({ announcements: change })

/** Splits the readers that a change touched into those that the asset has now and those that it has not. */
function split({ readers }: Pick<AssetFields, 'readers'>, { touched }: Announcement) {
  const isReader = (name: string) => readers.includes(name)
  return { present: touched.filter(isReader), absent: touched.filter((name) => !isReader(name)) }
}

/** Returns the readers before and after a change, and those whom it concerns. The asset is as it is after the change. */
export function readersOfChange(
  asset: Pick<AssetFields, 'readers'>,
  change: Announcement,
): { readers: string[]; readersBefore: string[]; readersAfter: string[] } {
  const { present, absent } = split(asset, change)
  const after = asset.readers
  const before = [...after.filter((name) => !present.includes(name)), ...absent]
  return { readers: change.concerns ?? [...after, ...absent], readersBefore: before, readersAfter: after }
}

/** Reads the assets with a change that has no event, because its process died or could not store it. */
export const overdueAnnouncements = (): AsyncIterable<AssetFields> =>
  Asset.find({ state: 'ready', 'announcements.at': { $lt: new Date(Date.now() - OVERDUE_MS) } })
    .lean()
    .cursor()

/** Announces a change after its update, so that the sweep records its event. */
export async function announceLater(asset: Types.ObjectId, change: Announcement): Promise<void> {
  await Asset.updateOne({ _id: asset }, { $push: announced(change) })
}

/**
 * Removes an announcement, because its event is recorded. Returns false when the asset is being deleted, or another change
 * has added or removed the same readers since the event was made: its own event can be older than this one.
 */
export async function removeAnnouncement(asset: AssetFields, change: Announcement): Promise<boolean> {
  const { present, absent } = split(asset, change)
  const { matchedCount } = await Asset.updateOne(
    {
      _id: asset._id,
      state: 'ready',
      $and: [
        ...present.map((readers) => ({ readers })),
        ...absent.map((name) => ({ readers: { $ne: name } })),
        { _id: asset._id },
      ],
    },
    { $pull: { announcements: { id: change.id } } },
  )
  return matchedCount === 1
}
