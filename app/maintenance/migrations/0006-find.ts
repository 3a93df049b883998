import { describeWords } from '../../../models/asset.ts'
import { KEYS_FORM, keysOf } from '../../../models/asset-keys.ts'
import { storeTermsOf, type TermSource } from '../../../models/term-writer.ts'
import { collectionOf, type Migration } from './migration.ts'
import { complete, fileSetsOf, type StoredAsset, setComputed } from './stored-asset.ts'

/** Matches the assets whose keys have an earlier form. */
const PENDING = { keysForm: { $ne: KEYS_FORM } }

/**
 * Computes the keys of assets again, with their words, and what names are sorted by. Stores the words of all assets for
 * searches of a part of a word. Every change of an asset by this release writes the new form, so that an asset that
 * changes meanwhile keeps the keys of that change.
 */
export const find: Migration = {
  name: '0006-find',
  up: (context) =>
    setComputed(PENDING, changesOf, context, (changes) =>
      storeTermsOf(changes.map(({ asset, set }): TermSource => ({ ...asset, ...set }))),
    ),
}

interface Change {
  asset: StoredAsset
  set: Pick<Required<StoredAsset>, 'nameKey' | 'keys' | 'keysForm'>
}

async function changesOf(assets: StoredAsset[]): Promise<Change[]> {
  const sets = await fileSetsOf(assets)
  return assets.flatMap((asset) => {
    const allFiles = asset.fileSet ? sets.get(asset.fileSet)?.files : (asset.files ?? [])
    // the files were replaced meanwhile
    if (!allFiles) return []
    const whole = complete(asset, allFiles)
    const { nameKey } = describeWords(whole)
    return [{ asset, set: { nameKey, keys: keysOf(whole), keysForm: KEYS_FORM } }]
  })
}

/** Removes what only text searches of the previous release read. */
export async function removeFormerWords(): Promise<void> {
  await collectionOf('assets').updateMany({ words: { $exists: true } }, { $unset: { words: 1 } })
}
