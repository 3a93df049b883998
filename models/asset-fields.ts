import { cleanName } from './names.ts'

export const NAME = { min: 1, max: 200 } as const
export const DESCRIPTION = { max: 5000 } as const
export const TAG = { min: 1, max: 40 } as const
export const TAGS = { max: 20 } as const
export const FILES = { min: 1, max: 20 } as const
export const IMAGES = { max: 8 } as const
/** How long a signed URL opens, in seconds. */
export const SIGNED_URL = { defaultExpiry: 3600, maxExpiry: 86_400 } as const
export const VISIBILITIES = ['private', 'public'] as const
export type Visibility = (typeof VISIBILITIES)[number]

/** Returns tags as they are stored: cleaned like names, in lower case, each once, in the order given. */
export function normalizeTags(tags: readonly string[]): string[] {
  return [...new Set(tags.map((tag) => cleanName(tag).toLowerCase()).filter((tag) => tag !== ''))]
}
