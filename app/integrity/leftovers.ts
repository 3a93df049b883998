import { setTimeout as delay } from 'node:timers/promises'
import { Asset, type AssetFields } from '../../models/asset.ts'
import { pendingDeletionOf } from '../../models/asset-pending-deletion.ts'
import { Capacity, SERVER } from '../../models/capacity.ts'
import { Upload } from '../../models/upload.ts'
import { DELETION_PENDING } from '../assets/pending-deletion.ts'

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
  const assets = await Asset.find(DELETION_PENDING).lean()
  return assets.filter((asset) => !pendingDeletionOf(asset).some(({ id }) => young.has(id)))
}

/** Assets begun before a time by an upload that is over without having undone them. */
export async function findForgottenAssets(before: Date): Promise<AssetFields[]> {
  const forgotten: AssetFields[] = []
  for await (const asset of Asset.find({ state: 'pending', createdAt: { $lt: before } })
    .lean()
    .cursor())
    if (!(await Upload.exists({ asset: asset._id }))) forgotten.push(asset)
  return forgotten
}
