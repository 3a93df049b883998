import type { QueryFilter, Types } from 'mongoose'
import { type AssetFields, notLocked, type Visibility } from './asset.ts'
import { type KeyedFilter, keysOfFilter, LOCK, UNTAGGED } from './asset-keys.ts'
import type { AssetType, Media } from './media.ts'

/**
 * The filters that compare for equality. Of a list, any value must match, but for `tags`, of which all, and `tagNot`, of
 * which none. An absent or empty list matches everything.
 */
export interface EqualityFilters {
  type?: readonly AssetType[] | undefined
  media?: readonly Media[] | undefined
  ext?: readonly string[] | undefined
  mediaType?: readonly string[] | undefined
  visibility?: readonly Visibility[] | undefined
  license?: readonly string[] | undefined
  sha256?: readonly string[] | undefined
  tagAny?: readonly string[] | undefined
  tags?: readonly string[] | undefined
  tagNot?: readonly string[] | undefined
  /** Whether only assets without tags match. */
  untagged?: boolean | undefined
  /** Matches the assets that are locked at this time. */
  lockedAt?: Date | undefined
  /** The owners, any of whom matches. No owner matches nothing. */
  owner?: readonly Types.ObjectId[] | undefined
}

type Filter = QueryFilter<AssetFields>

/** Conditions of a filter: keys of which an asset has all, and others. */
interface KeyConditions {
  all: string[]
  others: Filter[]
  /** Whether the conditions select assets by their keys. */
  selects: boolean
}

/** The lists of which any value must match, those that select the fewest assets first. */
const ANY_OF = {
  sha256: 'sha256',
  license: 'license',
  ext: 'ext',
  mediaType: 'mediaType',
  tagAny: 'tag',
  media: 'media',
  type: 'type',
  visibility: 'visibility',
} as const satisfies Partial<Record<keyof EqualityFilters, KeyedFilter>>

/** Returns the filter of assets that have none of some keys. An engine on PostgreSQL needs a third of the time of `$nin`. */
export const withoutKeys = (keys: string[]): Filter => ({ $nor: [{ keys: { $in: keys } }] })

const NOTHING: Filter = { _id: { $in: [] } }

/** Returns a condition on one field: one of several values. */
function oneOf<T>(values: readonly T[]): T | { $in: T[] } {
  const [first] = values
  return values.length === 1 && first !== undefined ? first : { $in: [...values] }
}

/** Returns the filters as conditions on keys, those of the fewest assets first. */
export function keyConditions(
  filters: EqualityFilters,
  { hasMediaTypes }: { hasMediaTypes: boolean },
): KeyConditions {
  const anyOf = Object.entries(ANY_OF).flatMap(([name, filter]) => {
    const values = filters[name as keyof typeof ANY_OF] ?? []
    return values.length === 0 || (filter === 'mediaType' && !hasMediaTypes)
      ? []
      : [keysOfFilter(filter, values)]
  })
  const tags = keysOfFilter('tag', filters.tags ?? [])
  const none = keysOfFilter('tag', filters.tagNot ?? [])
  const several = anyOf.filter((keys) => keys.length > 1)
  const all = [
    ...(filters.lockedAt ? [LOCK] : []),
    ...(filters.untagged ? [UNTAGGED] : []),
    ...tags,
    ...anyOf.flatMap((keys) => (keys.length === 1 ? keys : [])),
  ]
  const others: Filter[] = [
    ...several.map((keys) => ({ keys: { $in: keys } })),
    ...(none.length > 0 ? [withoutKeys(none)] : []),
    ...(hasMediaTypes ? [] : mediaTypeOfFiles(filters)),
    ...otherConditions(filters),
  ]
  return { all, others, selects: all.length + several.length > 0 }
}

/** Returns the filters as conditions on the fields of assets that have no keys yet. */
export function fieldConditions(filters: EqualityFilters): Filter[] {
  const {
    type,
    media,
    visibility,
    tags = [],
    tagAny = [],
    tagNot = [],
    ext = [],
    sha256 = [],
    license = [],
  } = filters
  const any = (field: string, values: readonly string[] = []): Filter[] =>
    values.length > 0 ? [{ [field]: oneOf(values) }] : []
  return [
    ...any('type', type),
    ...any('media', media),
    ...any('visibility', visibility),
    ...any('tags', tagAny),
    ...any('files.sha256', sha256),
    ...(tags.length > 0 ? [{ tags: { $all: [...tags] } }] : []),
    ...(tagNot.length > 0 ? [{ tags: { $nin: [...tagNot] } }] : []),
    ...(filters.untagged ? [{ tags: [] }] : []),
    ...(ext.length > 0 ? [{ 'files.name': new RegExp(`.\\.(?:${ext.map(escaped).join('|')})$`, 'i') }] : []),
    // every asset with a license has its key
    ...(license.length > 0 ? [{ keys: { $in: keysOfFilter('license', license) } }] : []),
    ...mediaTypeOfFiles(filters),
    ...otherConditions(filters),
  ]
}

/** Returns the conditions that are compared by fields in every form. A lock that has run out keeps its key. */
const otherConditions = ({ lockedAt, owner }: EqualityFilters): Filter[] => [
  ...(lockedAt ? [{ $nor: [notLocked(lockedAt)] }] : []),
  ...(owner ? [owner.length > 0 ? { owner: oneOf(owner) } : NOTHING] : []),
]

/** Compares the files in the documents. Of an asset of an earlier release with more than 20 files, these are the first. */
const mediaTypeOfFiles = ({ mediaType = [] }: EqualityFilters): Filter[] =>
  mediaType.length > 0 ? [{ 'files.mediaType': oneOf(mediaType) }] : []

const escaped = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, '\\$&')
