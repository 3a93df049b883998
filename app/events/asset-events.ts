import { createHash } from 'node:crypto'
import { Types } from 'mongoose'
import type { Logger } from 'pino'
import { type Announcement, Asset, type AssetFields } from '../../models/asset.ts'
import { readersOf } from '../../models/asset-access.ts'
import {
  announceLater,
  announcement,
  overdueAnnouncements,
  readersOfChange,
  removeAnnouncement,
} from '../../models/asset-announcements.ts'
import { isRecorded } from '../../models/change-feed.ts'
import type { Change } from '../../models/event.ts'
import type { OwnerState, Settlement } from '../../models/plugins/space.ts'
import type { AuditEntry, EventLog, NewEvent } from './event-log.ts'

interface EventContext {
  events: EventLog
  log: Logger
}

interface Also {
  /** What activity lists show of the change. */
  audit?: AuditEntry
  /** Whether the change changes the owner's space. */
  space?: boolean
}

/**
 * Records the event of an announced change. The update that made the change has stored the announcement, so the sweep
 * records the event if this process dies.
 *
 * The last event about a reader always agrees with the rights of that reader: when another process has added or removed the
 * same reader since the change, its event can be older than this one, so this one is recorded again.
 *
 * @param asset the asset as it was directly after the change
 */
export async function recordAnnounced(
  { events, log }: EventContext,
  asset: AssetFields,
  change: Announcement,
  { audit, space = false }: Also = {},
): Promise<void> {
  const { _id, owner } = asset
  const event = { ...audit, id: change.id, asset: _id, owner, space } as const
  try {
    for (let current = asset; ; ) {
      const readers = readersOfChange(current, change)
      if (!(await events.record({ ...event, kind: 'asset.updated', ...readers }))) return
      if (await removeAnnouncement(current, change)) return
      const next = await Asset.ready(_id)
      if (!next) {
        await events.record({ ...event, kind: 'asset.deleted', ...readers, readersAfter: null })
        return
      }
      current = next
    }
  } catch (error) {
    log.warn({ err: error, asset: _id }, 'the sweep has to record a change')
  }
}

/** Records the changes that have no event because their process died. */
export async function recordOverdue(context: EventContext): Promise<number> {
  let count = 0
  for await (const asset of overdueAnnouncements())
    for (const change of asset.announcements ?? []) {
      await recordAnnounced(context, asset, change)
      count += 1
    }
  return count
}

/** Returns the id of an event that is recorded by whichever process completes a change. */
const eventId = (change: string) =>
  new Types.ObjectId(createHash('sha256').update(change).digest().subarray(0, 12))

const createdEvent = (asset: AssetFields, upload: string) =>
  ({
    id: eventId(`upload ${upload}`),
    kind: 'asset.created',
    asset: asset._id,
    owner: asset.owner,
    readers: asset.readers,
    space: true,
  }) as const satisfies NewEvent & { id: Types.ObjectId }

/** An upload that created an asset and is not settled yet. */
interface Upload {
  id: string
  settle(settlement: Settlement, before: Promise<unknown>): Promise<OwnerState | null>
}

/**
 * Settles the upload of a new asset and records its event. The record of the upload stays until the event is stored, so
 * that a process that finishes the upload records it.
 *
 * @returns the state of the owner, like `settle`
 */
export async function settleCreation(
  { events }: Pick<EventContext, 'events'>,
  upload: Upload,
  settlement: Settlement,
  asset: AssetFields,
): Promise<OwnerState | null> {
  const event = createdEvent(asset, upload.id)
  const stored = events.store(event).then(async (isStored) => {
    const { _id, readers: touched } = asset
    if (!isStored) await announceLater(_id, announcement({ id: event.id, touched }))
  })
  const state = await upload.settle(settlement, stored)
  events.notify(event)
  return state
}

/** Records the creation of an asset whose upload is finished by another process. Does nothing if it is recorded. */
export async function recordCreation(
  { events }: Pick<EventContext, 'events'>,
  asset: AssetFields,
  upload: string,
): Promise<void> {
  const event = createdEvent(asset, upload)
  if (asset.state !== 'ready' || (await isRecorded(event.id))) return
  if (!(await events.record(event))) throw new Error('the creation of an asset could not be recorded')
}

/**
 * Returns the event of a deletion.
 *
 * @param asset the asset in the state `deleting`
 * @param readersBefore the readers directly before the deletion, for subscribers
 */
function deletedEvent(asset: AssetFields, readersBefore: string[]): Change & { id: Types.ObjectId } {
  const { _id, owner, announcements = [] } = asset
  // by the visibility: the asset of a disabled owner has no reader `public`, but had it before
  const readers = [...readersOf(asset), ...announcements.flatMap(({ touched }) => touched)]
  return {
    id: eventId(`deletion ${_id}`),
    kind: 'asset.deleted',
    asset: _id,
    owner,
    space: true,
    readers: [...new Set(readers)],
    readersBefore,
    readersAfter: null,
  }
}

/**
 * Records the event of a deletion.
 *
 * @throws when it could not be stored
 */
export async function recordDeletion(
  { events }: Pick<EventContext, 'events'>,
  asset: AssetFields,
  { readersBefore, audit }: { readersBefore: string[]; audit?: AuditEntry | undefined },
): Promise<void> {
  if (!(await events.record({ ...audit, ...deletedEvent(asset, readersBefore) })))
    throw new Error('the deletion of an asset could not be recorded')
}

/** Records the deletion of an asset that another process began to delete. Does nothing if it is recorded. */
export async function recordResumedDeletion(
  context: Pick<EventContext, 'events'>,
  asset: AssetFields,
): Promise<void> {
  if (await isRecorded(deletedEvent(asset, []).id)) return
  await recordDeletion(context, asset, { readersBefore: readersOf(asset) })
}
