import type { AssetFields } from './asset.ts'
import type { AssetFile } from './asset-files.ts'
import { termsMark } from './term-writer.ts'
import { tagKey } from './text.ts'
import { wordKeysOf } from './words/index-words.ts'

/** The form of the stored keys. Increment it when `keysOf` changes, and migrate the stored keys. */
export const KEYS_FORM = 3

/** Most characters of a file extension that searches find. */
export const MAX_EXTENSION_CHARACTERS = 16

/** The fields that the keys depend on. */
export type Keyed = Pick<
  AssetFields,
  'state' | 'name' | 'description' | 'tags' | 'type' | 'media' | 'visibility' | 'size' | 'lock'
> &
  Partial<Pick<AssetFields, 'license'>> & { allFiles: AssetFile[] }

/** The filters whose values are keys. */
export type KeyedFilter = 'tag' | 'media' | 'type' | 'visibility' | 'ext' | 'sha256' | 'mediaType' | 'license'

/** The key of every asset that is `ready`. */
export const EVERY_ASSET = 'all'
/** The key of assets without tags. */
export const UNTAGGED = 'untagged'
/** The key of assets with a lock. The lock can have run out. */
export const LOCK = 'lock'

/** Returns the keys of the values of a filter. */
export const keysOfFilter = (filter: KeyedFilter, values: readonly string[]): string[] =>
  values.map((value) => `${filter}:${comparedText(filter, value)}`)

/** Returns the text by which a filter compares a value. The case of a license does not matter, as in SPDX ids. */
export function comparedText(filter: string, value: string): string {
  if (filter === 'tag') return tagKey(value)
  return filter === 'license' ? value.toLowerCase() : value
}

/**
 * Returns the keys by which an asset is found: every equality filter and every word that it matches. One array holds all
 * of them, because MongoDB refuses an index over two arrays. An asset that is not `ready` has none.
 */
export function keysOf(asset: Keyed): string[] {
  if (asset.state !== 'ready') return []
  const { tags, size, allFiles, lock, license } = asset
  return [
    ...new Set([
      EVERY_ASSET,
      ...keysOfFilter('tag', tags),
      ...keysOfFilter('media', [asset.media]),
      ...keysOfFilter('type', [asset.type]),
      ...keysOfFilter('visibility', [asset.visibility]),
      ...(license ? keysOfFilter('license', [license]) : []),
      ...(tags.length === 0 ? [UNTAGGED] : []),
      ...(lock?.legalHold || lock?.until ? [LOCK] : []),
      `size:${size > 0 ? Math.floor(Math.log2(size)) : 0}`,
      ...allFiles.flatMap(keysOfFile),
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

const keysOfFile = ({ name, sha256, mediaType }: AssetFile): string[] => [
  ...keysOfFilter('ext', [extensionOf(name)]),
  ...keysOfFilter('sha256', [sha256]),
  ...(mediaType ? keysOfFilter('mediaType', [mediaType]) : []),
]

/** Returns the extension of a file name in lower case, without the dot; an empty text for a name without extension. */
export function extensionOf(name = ''): string {
  const [, extension = ''] = /.\.([^.\s/\\]+)$/u.exec(name) ?? []
  return extension.length > MAX_EXTENSION_CHARACTERS ? '' : extension.toLowerCase()
}
