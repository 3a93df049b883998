import { setTimeout as delay } from 'node:timers/promises'
import type { Types } from 'mongoose'
import type { AssetFields } from '../../models/asset.ts'
import { assetsToDeleteFrom, pendingDeletionOf } from '../../models/asset-objects.ts'
import { pendingAssets } from '../../models/asset-upload.ts'
import { Capacity, SERVER } from '../../models/capacity.ts'
import { Upload } from '../../models/upload.ts'

/** In a request a removal is between its last steps for no longer than this. */
const LAST_STEPS_MS = 1000

/** Assets with objects put away before a time and not removed. */
export async function findHalfRemovals(before: Date): Promise<AssetFields[]> {
  const first = await removalsBegun(before)
  if (first.length === 0) return []
  await delay(LAST_STEPS_MS)
  const seen = new Set(first.map(({ _id }) => _id.toString()))
  return (await removalsBegun(before)).filter(({ _id }) => seen.has(_id.toString()))
}

async function removalsBegun(before: Date): Promise<AssetFields[]> {
  const space = await Capacity.spaceOf(SERVER)
  const young = new Set((space?.open ?? []).filter(({ at }) => at >= before).map(({ id }) => id))
  const begun: AssetFields[] = []
  for await (const asset of assetsToDeleteFrom())
    if (!pendingDeletionOf(asset).some(({ id }) => young.has(id))) begun.push(asset)
  return begun
}

/** Returns the ids of assets created before a time whose upload has no record any more. */
export async function findForgottenAssets(before: Date): Promise<Types.ObjectId[]> {
  const forgotten: Types.ObjectId[] = []
  for await (const { _id } of pendingAssets(before))
    if (!(await Upload.isAny({ asset: _id }))) forgotten.push(_id)
  return forgotten
}
