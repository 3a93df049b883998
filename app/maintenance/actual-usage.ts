import type { Types } from 'mongoose'
import {
  bytesOf,
  type Counted,
  countedAssets,
  objectsOf,
  pendingDeletionOf,
  uncounted,
} from '../../models/asset-objects.ts'
import type { Settlement, Space } from '../../models/plugins/ledger.ts'
import { Upload } from '../../models/upload.ts'
import { eachUser } from '../../models/user-state.ts'

/**
 * Computes the usage of a user from the assets: the objects they name, minus unsettled uploads, plus unsettled
 * deletions. Uploads and deletions change the revision of the ledger, so assets can be read one after another: while
 * the revision stays the same, the result is consistent.
 */
export async function actualUsageOfUser(owner: Types.ObjectId, { open }: Space): Promise<Settlement> {
  const isOpen = entryMatcher(open)
  const sum = { bytes: 0, files: 0 }
  for await (const asset of countedAssets(owner)) add(sum, countAsset(asset, isOpen))
  return sum
}

/**
 * Computes the usage of the server: the sum of the users' usage, minus entries that are settled in the user's ledger
 * but not yet in the server's. The result is consistent while the revision of the server's ledger stays the same.
 */
export async function actualUsageOfServer({ open }: Space): Promise<Settlement> {
  const pending = new Set(open.map(({ id }) => id))
  const sum = { bytes: 0, files: 0 }
  for await (const { space } of eachUser('space')) {
    add(sum, { bytes: space.used, files: space.files })
    for (const { id } of space.open) pending.delete(id)
  }
  for (const settlement of await settlementsOf([...pending])) add(sum, settlement, -1)
  return sum
}

function countAsset(asset: Counted, isOpen: (entry: { id: string }) => boolean): Settlement {
  const sum = { bytes: bytesOf(objectsOf(asset)), files: asset.files.length }
  for (const entry of asset.unsettled.filter(isOpen)) add(sum, entry, -1)
  for (const entry of pendingDeletionOf(asset).filter(isOpen)) add(sum, entry)
  return sum
}

/** Returns the settlements of entries that are not settled yet, read from the assets that name these entries. */
async function settlementsOf(entries: string[]): Promise<Settlement[]> {
  if (entries.length === 0) return []
  const isGiven = entryMatcher(entries.map((id) => ({ id })))
  const uploads = await Upload.findAssetIds(entries)
  const assets = await uncounted([...uploads.values()], entries)
  return assets.flatMap((asset) => [
    ...asset.unsettled.filter(isGiven),
    ...pendingDeletionOf(asset)
      .filter(isGiven)
      .map(({ bytes, files }) => ({ bytes: -bytes, files: -files })),
  ])
}

function entryMatcher(entries: readonly { id: string }[]) {
  const ids = new Set(entries.map(({ id }) => id))
  return ({ id }: { id: string }) => ids.has(id)
}

function add(sum: Settlement, { bytes, files }: Settlement, sign: 1 | -1 = 1): void {
  sum.bytes += sign * bytes
  sum.files += sign * files
}
