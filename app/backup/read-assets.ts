import type { Types } from 'mongoose'
import { Asset, type AssetFields } from '../../models/asset.ts'
import { picturesOf } from '../../models/asset-objects.ts'
import { FileSet, type FileSetFields } from '../../models/file-set.ts'
import { ObjectMissing } from '../storage/object-store.ts'
import { DamagedObject, type ObjectEntry } from './format.ts'

/** Copies objects into a backup. */
export interface ObjectCopier {
  copy(entry: ObjectEntry): Promise<void>
  /** Deletes copies of an asset that changed while it was copied. */
  discard(keys: string[]): Promise<void>
}

export interface CopiedAsset {
  asset: AssetFields
  fileSet: FileSetFields | null
  objects: ObjectEntry[]
}

/**
 * Yields a user's assets and copies their objects while the service is running. Document and objects of an asset always
 * match: an asset that changes while its objects are copied is read again.
 *
 * @param onError called for each object that is missing or damaged; it is left out
 */
export async function* readAssets(
  owner: Types.ObjectId,
  copier: ObjectCopier,
  onError: (message: string) => void,
): AsyncGenerator<CopiedAsset> {
  for await (const { _id } of Asset.idsOf(owner)) {
    const copied = await copyAsset(_id, copier, onError)
    if (copied) yield copied
  }
}

async function copyAsset(
  id: Types.ObjectId,
  copier: ObjectCopier,
  onError: (message: string) => void,
): Promise<CopiedAsset | null> {
  for (let failedVersion: number | undefined; ; ) {
    const asset = await Asset.ready(id)
    if (!asset) return null
    const fileSet = asset.fileSet ? await FileSet.findById(asset.fileSet).lean() : null
    const { objects, errors } = await copyObjects(asset, fileSet, copier)
    // a second error at the same version is not caused by a change of the asset
    if (errors.length === 0 || asset.version === failedVersion) {
      for (const error of errors) onError(`Asset ${id}: ${error}`)
      // links and references can be added before they are read, so it is unknown whether the asset has some
      const { hasLinks: _links, inScenes: _scenes, ...known } = asset
      return {
        asset: { ...known, intents: [], unsettled: [], pendingDeletion: [], trash: [] },
        fileSet,
        objects,
      }
    }
    await copier.discard(objects.map(({ key }) => key))
    failedVersion = asset.version
  }
}

async function copyObjects(asset: AssetFields, fileSet: FileSetFields | null, copier: ObjectCopier) {
  const objects: ObjectEntry[] = []
  // the files of a missing set cannot be copied
  const errors = asset.fileSet && !fileSet ? [`the file set ${asset.fileSet} is missing`] : []
  const { files } = fileSet ?? asset
  for (const { key, size, sha256 } of [...files, ...picturesOf(asset)])
    try {
      await copier.copy({ key, size, sha256 })
      objects.push({ key, size, sha256 })
    } catch (error) {
      if (!(error instanceof ObjectMissing || error instanceof DamagedObject)) throw error
      errors.push(error.message)
    }
  return { objects, errors }
}
