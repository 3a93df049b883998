import type { mongo } from 'mongoose'
import { describeWords } from '../../../models/asset.ts'
import type { AssetFile } from '../../../models/asset-files.ts'
import { KEYS_FORM, type Keyed, keysOf } from '../../../models/asset-keys.ts'
import { storeTermsOf, type TermSource } from '../../../models/term-writer.ts'
import { changeInBatches, collectionOf, type Migration } from './migration.ts'

interface StoredAsset extends Omit<Keyed, 'allFiles'> {
  _id: mongo.ObjectId
  owner: mongo.ObjectId
  files?: AssetFile[]
  fileSet?: string | null
  version: number
  keysForm?: number
  nameKey?: string
  keys?: string[]
}

interface StoredFileSet {
  _id: string
  files: AssetFile[]
}

/** Matches the assets whose keys have an earlier form. */
const PENDING = { keysForm: { $ne: KEYS_FORM } }

/**
 * Computes the keys of assets again, with their words, and what names are sorted by. Stores the words of all assets for
 * searches of a part of a word. Every change of an asset by this release writes the new form, so that an asset that
 * changes meanwhile keeps the keys of that change.
 */
export const find: Migration = {
  name: '0006-find',
  async up(context) {
    let left = true
    // an asset whose version changed meanwhile, without a change of its keys, is read again
    while (left) {
      left = false
      await changeInBatches<StoredAsset>(
        'assets',
        PENDING,
        async (assets, collection) => {
          const changes = await changesOf(assets)
          const { matchedCount } = await collection.bulkWrite(
            changes.map(({ asset, set }) => ({
              updateOne: { filter: { ...unchanged(asset), ...PENDING }, update: { $set: set } },
            })),
            { ordered: false },
          )
          await storeTermsOf(changes.map(({ asset, set }): TermSource => ({ ...asset, ...set })))
          left ||= matchedCount < assets.length
        },
        context,
      )
    }
  },
}

interface Change {
  asset: StoredAsset
  set: Pick<Required<StoredAsset>, 'nameKey' | 'keys' | 'keysForm'>
}

async function changesOf(assets: StoredAsset[]): Promise<Change[]> {
  const sets = await fileSetsOf(assets)
  return assets.flatMap((asset) => {
    const allFiles = asset.fileSet ? sets.get(asset.fileSet) : (asset.files ?? [])
    // the files were replaced meanwhile
    if (!allFiles) return []
    const whole = complete(asset, allFiles)
    const { nameKey } = describeWords(whole)
    return [{ asset, set: { nameKey, keys: keysOf(whole), keysForm: KEYS_FORM } }]
  })
}

async function fileSetsOf(assets: StoredAsset[]): Promise<Map<string, AssetFile[]>> {
  const ids = assets.flatMap(({ fileSet }) => fileSet ?? [])
  if (ids.length === 0) return new Map()
  const found = collectionOf<StoredFileSet>('fileSets').find({ _id: { $in: ids } })
  const sets = new Map<string, AssetFile[]>()
  for await (const { _id, files } of found) sets.set(_id, files)
  return sets
}

/** Returns the filter of an asset that has not changed since it was read. */
const unchanged = ({ _id, version, state }: StoredAsset) =>
  ({ _id, version: version ?? null, state: state ?? null }) as Partial<StoredAsset>

/** Returns an asset with the defaults of fields that older releases did not write. */
const complete = (asset: Partial<StoredAsset> & StoredAsset, allFiles: AssetFile[]): Keyed => ({
  ...asset,
  name: asset.name ?? '',
  description: asset.description ?? '',
  tags: asset.tags ?? [],
  allFiles,
  size: asset.size ?? 0,
  lock: asset.lock ?? null,
})

/** Removes what only text searches of the previous release read. */
export async function removeFormerWords(): Promise<void> {
  await collectionOf('assets').updateMany({ words: { $exists: true } }, { $unset: { words: 1 } })
}
