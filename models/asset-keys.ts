import type { AssetFields, Visibility } from './asset.ts'
import type { AssetFile } from './asset-files.ts'
import type { AssetType, Media } from './media.ts'
import { foldText, tagKey } from './text.ts'

/** The form of the stored keys. Increment it when `keysOf` changes, and migrate the stored keys. */
export const KEYS_FORM = 1

/** Most different words of an asset that searches find. */
const MAX_WORDS = 1000
/** Most characters of a word that searches compare. */
const MAX_WORD_CHARACTERS = 64
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
      ...wordsOf(asset).map((word) => `word:${word}`),
    ]),
  ]
}

/** Returns the fields that an update sets, and the keys that the asset has after it. */
export function withKeys<Set extends Partial<AssetFields>>(
  set: Set,
  current: Keyed,
): Set & Pick<AssetFields, 'keys' | 'keysForm'> {
  return { ...set, keys: keysOf({ ...current, ...set }), keysForm: KEYS_FORM }
}

/** Returns the extension of a file name in lower case, without the dot; an empty text for a name without extension. */
function extensionOf(name = ''): string {
  const [, extension = ''] = /.\.([^.\s/\\]+)$/u.exec(name) ?? []
  return extension.length > MAX_EXTENSION_CHARACTERS ? '' : extension.toLowerCase()
}

/** Returns the different words of an asset in the searched form: of the name first, of the description last. */
function wordsOf({ name, tags, allFiles, description }: Keyed): string[] {
  const words = new Set<string>()
  for (const text of [name, ...tags, ...allFiles.map((file) => file.name ?? ''), description])
    for (const [word] of foldText(text).matchAll(/[\p{L}\p{N}_]+/gu)) {
      if (words.size === MAX_WORDS) return [...words]
      words.add([...word].slice(0, MAX_WORD_CHARACTERS).join(''))
    }
  return [...words]
}
