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
 * What a user's account must hold, given its open entries: the objects that the assets name, less what has come
 * and is not settled yet, plus what has gone and is not settled yet. While the account's revision stays, no step
 * of an upload or a removal changes this for any asset, so the assets need not be read at one moment.
 */
export async function truthOfUser(owner: Types.ObjectId, { open }: Space): Promise<Settlement> {
  const isOpen = membership(open)
  const sum = { bytes: 0, files: 0 }
  for await (const asset of countedAssets(owner)) add(sum, countAsset(asset, isOpen))
  return sum
}

/**
 * What the server's account must hold, given its open entries: what all users' accounts hold, less the entries
 * that are settled there and here not yet. The same holds for the moment: users need not be read at once.
 */
export async function truthOfServer({ open }: Space): Promise<Settlement> {
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

/** What entries will count for, by the assets that name them; nothing for those that no asset names. */
async function settlementsOf(entries: string[]): Promise<Settlement[]> {
  if (entries.length === 0) return []
  const isOne = membership(entries.map((id) => ({ id })))
  const uploads = await Upload.knownAmong(entries)
  const assets = await uncounted([...uploads.values()], entries)
  return assets.flatMap((asset) => [
    ...asset.unsettled.filter(isOne),
    ...pendingDeletionOf(asset)
      .filter(isOne)
      .map(({ bytes, files }) => ({ bytes: -bytes, files: -files })),
  ])
}

function membership(entries: readonly { id: string }[]) {
  const ids = new Set(entries.map(({ id }) => id))
  return ({ id }: { id: string }) => ids.has(id)
}

function add(sum: Settlement, { bytes, files }: Settlement, sign: 1 | -1 = 1): void {
  sum.bytes += sign * bytes
  sum.files += sign * files
}
