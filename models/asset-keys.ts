import type { AssetFields, Visibility } from './asset.ts'
import type { AssetFile } from './asset-files.ts'
import type { AssetType, Media } from './media.ts'
import { termsMark } from './term-writer.ts'
import { tagKey } from './text.ts'
import { wordKeysOf } from './words/index-words.ts'

/** The form of the stored keys. Increment it when `keysOf` changes, and migrate the stored keys. */
export const KEYS_FORM = 2

/** Most characters of a file extension that searches find. */
const MAX_EXTENSION_CHARACTERS = 16

/** The fields that the keys depend on. */
export type Keyed = Pick<
  AssetFields,
  'state' | 'name' | 'description' | 'tags' | 'type' | 'media' | 'visibility' | 'size' | 'lock'
> & { allFiles: AssetFile[] }

/** Filters of a search that compare for equality. */
export interface EqualityFilters {
  type?: AssetType | undefined
  media?: Media | undefined
  tags?: readonly string[]
  visibility?: Visibility | undefined
}

/** The key of every asset that is `ready`. */
export const EVERY_ASSET = 'all'

/** Returns the keys of the assets that satisfy all filters, those of the fewest assets first. */
export function keysOfFilters({ type, media, tags = [], visibility }: EqualityFilters): string[] {
  return [
    ...tags.map((tag) => `tag:${tagKey(tag)}`),
    ...(media ? [`media:${media}`] : []),
    ...(type ? [`type:${type}`] : []),
    ...(visibility ? [`visibility:${visibility}`] : []),
  ]
}

/**
 * Returns the keys by which an asset is found: every equality filter and every word that it matches. One array holds all
 * of them, because MongoDB refuses an index over two arrays. An asset that is not `ready` has none.
 */
export function keysOf(asset: Keyed): string[] {
  if (asset.state !== 'ready') return []
  const { tags, size, allFiles, lock } = asset
  return [
    ...new Set([
      EVERY_ASSET,
      ...keysOfFilters(asset),
      ...(tags.length === 0 ? ['untagged'] : []),
      ...(lock?.legalHold || lock?.until ? ['lock'] : []),
      `size:${size > 0 ? Math.floor(Math.log2(size)) : 0}`,
      ...allFiles.flatMap(({ name, sha256 }) => [`ext:${extensionOf(name)}`, `sha256:${sha256}`]),
      ...wordKeysOf({ ...asset, fileNames: allFiles.map(({ name = '' }) => name) }),
    ]),
  ]
}

/** Returns the fields that an update sets, the keys that the asset has after it, and a mark if it has new words. */
export function withKeys<Set extends Partial<AssetFields>>(
  set: Set,
  current: Keyed & Pick<AssetFields, '_id' | 'owner'>,
): Set & Pick<AssetFields, 'keys' | 'keysForm'> & Partial<Pick<AssetFields, 'termsDue'>> {
  const changed = { ...current, ...set }
  const keys = keysOf(changed)
  return { ...set, keys, keysForm: KEYS_FORM, ...termsMark({ ...changed, keys }) }
}

/** Returns the extension of a file name in lower case, without the dot; an empty text for a name without extension. */
function extensionOf(name = ''): string {
  const [, extension = ''] = /.\.([^.\s/\\]+)$/u.exec(name) ?? []
  return extension.length > MAX_EXTENSION_CHARACTERS ? '' : extension.toLowerCase()
}
