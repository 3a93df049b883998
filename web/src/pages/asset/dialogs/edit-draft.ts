import type { components } from '../../../api/schema.ts'

// not from client.ts: tests of this file run without a browser and its types
type Asset = components['schemas']['Asset']

/** What the edit dialog changes. `type` and `media` are `detect` to have them detected from the files. */
export interface Draft {
  name: string
  description: string
  tags: string[]
  type: Asset['type'] | 'detect'
  media: Asset['media'] | 'detect'
  license: string
  source: string
  visibility: Asset['visibility']
}
export type Field = keyof Draft

export const FIELDS = [
  'name',
  'description',
  'tags',
  'type',
  'media',
  'license',
  'source',
  'visibility',
] as const

type Edited = Pick<Asset, Field>

/** Returns the fields of an asset as the dialog shows them. */
export const draftOf = ({ license, source, ...asset }: Edited): Draft => {
  const { name, description, tags, type, media, visibility } = asset
  return { name, description, tags, type, media, visibility, license: license ?? '', source: source ?? '' }
}

/** Returns whether a field has the same value in two drafts. */
export const isSame = (one: Draft, other: Draft, field: Field): boolean =>
  field === 'tags' ? one.tags.join('\n') === other.tags.join('\n') : one[field] === other[field]

/** Returns the fields that differ. */
export const differences = (one: Draft, other: Draft): Field[] =>
  FIELDS.filter((field) => !isSame(one, other, field))

/** Returns the body of the request that changes what the user changed. */
export function changeOf(before: Draft, draft: Draft) {
  const changed = new Set(differences(before, draft))
  const { name, description, tags, type, media, license, source, visibility } = draft
  return {
    ...(changed.has('name') && { name }),
    ...(changed.has('description') && { description }),
    ...(changed.has('tags') && { tags }),
    ...(changed.has('type') && { type: type === 'detect' ? null : type }),
    ...(changed.has('media') && { media: media === 'detect' ? null : media }),
    ...(changed.has('license') && { license: license.trim() || null }),
    ...(changed.has('source') && { source: source.trim() || null }),
    ...(changed.has('visibility') && { visibility }),
  }
}

/**
 * Merges what the user typed with a newer version of the asset: fields that the user did not change take their new value.
 *
 * @returns the merged draft, and the fields that somebody else changed while the user changed them too
 */
export function merge(before: Draft, draft: Draft, now: Draft): { draft: Draft; conflicts: Field[] } {
  const mine = differences(before, draft)
  const merged = { ...now }
  for (const field of mine) Object.assign(merged, { [field]: draft[field] })
  const theirs = differences(before, now)
  return {
    draft: merged,
    conflicts: theirs.filter((field) => mine.includes(field) && !isSame(draft, now, field)),
  }
}

/** Returns tags as the service keeps them, without duplicates. */
export const addTags = (tags: readonly string[], typed: string): string[] => [
  ...new Set([
    ...tags,
    ...typed
      .split(',')
      .map((tag) => tag.trim().toLowerCase())
      .filter(Boolean),
  ]),
]
