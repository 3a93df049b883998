import type { Types } from 'mongoose'
import { Asset, type AssetFields } from '../../models/asset.ts'
import { picturesOf } from '../../models/asset-objects.ts'
import { ObjectMissing } from '../storage/object-store.ts'
import { BackupError, type ObjectEntry } from './format.ts'

/** What is done with an object that a document names, and undone when it does not name it after all. */
export interface Keeper {
  keep(entry: ObjectEntry): Promise<void>
  drop(keys: string[]): Promise<void>
}

interface Kept {
  asset: AssetFields
  objects: ObjectEntry[]
}

/**
 * A user's assets with their objects, each as it is at some moment while this runs: the service goes on meanwhile.
 * An asset that changes before its objects are kept is read again.
 *
 * @param tell hears of objects that are not there, or not what they were
 */
export async function* readAssets(
  owner: Types.ObjectId,
  keeper: Keeper,
  tell: (fault: string) => void,
): AsyncGenerator<Kept> {
  for await (const { _id } of Asset.idsOf(owner)) {
    const kept = await keepAsset(_id, keeper, tell)
    if (kept) yield kept
  }
}

async function keepAsset(
  id: Types.ObjectId,
  keeper: Keeper,
  tell: (fault: string) => void,
): Promise<Kept | null> {
  for (let seen: number | undefined; ; ) {
    const asset = await Asset.ready(id)
    if (!asset) return null
    const { objects, faults } = await keepObjects(asset, keeper)
    // What is missing twice at the same version has not gone with a change.
    if (faults.length === 0 || asset.version === seen) {
      for (const fault of faults) tell(`Asset ${id}: ${fault}`)
      return { asset: { ...asset, intents: [], unsettled: [], pendingDeletion: [], trash: [] }, objects }
    }
    await keeper.drop(objects.map(({ key }) => key))
    seen = asset.version
  }
}

async function keepObjects(asset: AssetFields, keeper: Keeper) {
  const objects: ObjectEntry[] = []
  const faults: string[] = []
  for (const { key, size, sha256 } of [...asset.files, ...picturesOf(asset)])
    try {
      await keeper.keep({ key, size, sha256 })
      objects.push({ key, size, sha256 })
    } catch (error) {
      if (!(error instanceof ObjectMissing || error instanceof BackupError)) throw error
      faults.push(error.message)
    }
  return { objects, faults }
}
