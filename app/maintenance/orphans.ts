import { setTimeout as delay } from 'node:timers/promises'
import type { Types } from 'mongoose'
import type { AssetFields } from '../../models/asset.ts'
import {
  assetsToDeleteFrom,
  namesFileSet,
  pendingDeletionIds,
  pendingDeletionOf,
  removalsByOwner,
} from '../../models/asset-objects.ts'
import { pendingAssets } from '../../models/asset-upload.ts'
import { Capacity, SERVER } from '../../models/capacity.ts'
import { databaseTime } from '../../models/database-time.ts'
import { fileSetsBefore } from '../../models/file-set.ts'
import { removalNumber } from '../../models/plugins/settled-removals.ts'
import type { OpenEntry, Space } from '../../models/plugins/space.ts'
import { earlierAssets, isCreatedByEarlier, runningUploadIds, uploadIdsOf } from '../../models/upload.ts'
import { User } from '../../models/user.ts'
import { usersWithEntriesBefore } from '../../models/user-state.ts'
import type { Ledger } from '../quota/reservations.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { parseObjectKey } from '../uploads/object-keys.ts'

/** How long a ledger remembers the counted removals of a process that counts no more, in milliseconds. */
const REMEMBERED_MS = 24 * 3_600_000
/** Longest time that a request needs for the last steps of a removal, in milliseconds. */
const LAST_STEPS_MS = 1000

/**
 * Returns the prefixes of unfinished objects that were begun before a time and whose upload has no record. They exist
 * when the answer of the store was lost, or when a part was started twice.
 */
export async function findOrphanPrefixes(store: ObjectStore, before: Date): Promise<string[]> {
  const prefixes = new Map<string, string>()
  for await (const { key, begunAt } of store.listUnfinished('')) {
    const own = begunAt < before ? parseObjectKey(key) : null
    if (own) prefixes.set(own.upload, own.prefix)
  }
  if (prefixes.size === 0) return []
  for (const id of await runningUploadIds()) prefixes.delete(id)
  return [...prefixes.values()]
}

/** Aborts unfinished objects that were begun before a time and whose upload has no record. Returns their number. */
export async function abortOrphanObjects(store: ObjectStore, before: Date): Promise<number> {
  let aborted = 0
  for (const prefix of await findOrphanPrefixes(store, before))
    aborted += await store.abortUnfinished(prefix, before)
  return aborted
}

/**
 * Returns the ids of ledger entries that were opened before a time and belong to no upload or removal: entries of the
 * server whose upload has no record in its owner's ledger, and entries of earlier releases. The database executed a
 * request after its process had given up. No process will settle them.
 */
export async function findOrphanReservations({ open, uploads }: Space, before: Date): Promise<string[]> {
  const isOld = ({ at }: OpenEntry) => !at || at < before
  const records = uploads.filter((entry) => entry.owner && isOld(entry))
  const orphans = records.length > 0 ? await withoutRecord(records) : []
  const earlier = open.filter(isOld).map(({ id }) => id)
  if (earlier.length === 0) return orphans
  const known = new Set([
    ...(await earlierAssets(earlier)).keys(),
    ...(await runningUploadIds()),
    ...(await pendingDeletionIds(earlier)),
  ])
  return [...orphans, ...earlier.filter((id) => !known.has(id))]
}

async function withoutRecord(entries: OpenEntry[]): Promise<string[]> {
  const owners = entries.flatMap(({ owner }) => owner ?? [])
  const recorded = new Set(await uploadIdsOf(owners))
  return entries.map(({ id }) => id).filter((id) => !recorded.has(id))
}

/** Closes orphan reservations opened before a time, so that their space is free again. Returns their number. */
export async function releaseOrphanReservations(before: Date): Promise<number> {
  let released = 0
  for await (const { _id } of usersWithEntriesBefore(before))
    released += await release({ model: User, id: _id }, before)
  return released + (await release({ model: Capacity, id: SERVER }, before))
}

async function release({ model, id }: Ledger, before: Date): Promise<number> {
  const space = await model.spaceOf(id)
  const orphans = space ? await findOrphanReservations(space, before) : []
  for (const orphan of orphans) await model.settle(id, orphan, { bytes: 0, files: 0 })
  return orphans.length
}

/**
 * Returns assets with objects that were marked for deletion before a time and are not deleted yet. Reads twice, because
 * a request can be in the middle of the removal.
 */
export async function findUnfinishedRemovals(before: Date): Promise<AssetFields[]> {
  const first = await removalsBegun(before)
  if (first.length === 0) return []
  await delay(LAST_STEPS_MS)
  const seen = new Set(first.map(({ _id }) => _id.toString()))
  return (await removalsBegun(before)).filter(({ _id }) => seen.has(_id.toString()))
}

async function removalsBegun(before: Date): Promise<AssetFields[]> {
  const begun: AssetFields[] = []
  for await (const asset of assetsToDeleteFrom())
    if (!pendingDeletionOf(asset).some(({ at }) => at && at >= before)) begun.push(asset)
  return begun
}

/**
 * Removes the list of counted removals of processes that have counted none for a day and left none unfinished: no process
 * tries to count them again.
 */
export async function forgetOldRemovals({ model, id }: Ledger, { settled = {} }: Space): Promise<void> {
  const before = new Date((await databaseTime()).getTime() - REMEMBERED_MS)
  const old = Object.keys(settled).filter((process) => Number(settled[process]?.at) < before.getTime())
  if (old.length === 0) return
  const removals = [...(await removalsByOwner()).values()].flat()
  const unfinished = removals.map((removal) => removalNumber(removal.id)?.process)
  await model.forgetRemovals(
    id,
    old.filter((process) => !unfinished.includes(process)),
    before,
  )
}

/**
 * Reads the ids of file sets that were stored before a time and that no asset and no running upload names. They exist
 * when the database stored a set after its upload was undone.
 */
export async function* findOrphanSets(before: Date): AsyncGenerator<string> {
  for await (const { _id, asset } of fileSetsBefore(before)) {
    if (await namesFileSet(asset, _id)) continue
    // again after the uploads, because the record of an upload is deleted after its asset names the set
    if (!(await runningUploadIds()).has(_id) && !(await namesFileSet(asset, _id))) yield _id
  }
}

/** Returns the ids of assets that an upload of an earlier release created before a time, and whose record is deleted. */
export async function findOrphanAssets(before: Date): Promise<Types.ObjectId[]> {
  const orphans: Types.ObjectId[] = []
  for await (const { _id } of pendingAssets(before)) if (!(await isCreatedByEarlier(_id))) orphans.push(_id)
  return orphans
}
