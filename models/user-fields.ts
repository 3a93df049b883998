import { foldText } from './asset-words.ts'

export const USERNAME = { min: 3, max: 32, pattern: /^[A-Za-z0-9._-]+$/ } as const
export const NAME = { max: 100 } as const
export const EMAIL = { max: 254 } as const
export const COUNTRY_CODE = /^\d{1,3}$/
export const MOBILE = /^\d{4,14}$/
export const PROFILE_PHOTO = { max: 2048 } as const
/** Of the JSON text. */
export const SETTINGS = { maxBytes: 4000 } as const
/** In UTF-8 bytes: bcrypt reads no further than 72 (OWASP Password Storage Cheat Sheet). */
export const PASSWORD = { min: 8, max: 72 } as const
export const ACCESS_LEVELS = ['user', 'admin'] as const
export type AccessLevel = (typeof ACCESS_LEVELS)[number]

/**
 * What a search for people compares: the username, and the name from each of its words on, without case and
 * accents. Whoever types the beginning of any of them finds the account, by a range of an index.
 */
export function searchKeys({ username, name }: { username: string; name?: string | null }): string[] {
  const words = foldText(name ?? '')
    .split(/\s+/u)
    .filter(Boolean)
  return [...new Set([foldText(username), ...words.map((_word, n) => words.slice(n).join(' '))])]
}

/** Usernames are unique regardless of case: this is what is compared. */
export const usernameKey = (username: string): string => username.toLowerCase()

/** The one key of a telephone number; null unless both parts are there. */
export function mobileKey(phone: { countryCode?: string | null; mobile?: string | null }): string | null {
  return phone.countryCode && phone.mobile ? `${phone.countryCode}-${phone.mobile}` : null
}
