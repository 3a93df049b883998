import { untilReadersKnow } from '../../models/owner-states.ts'
import { type Profile, SETTINGS, User, type UserDocument } from '../../models/user.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import { invalidToken, validationFailed } from '../errors.ts'

/** The fields to change; null clears a field. `settings` is a merge patch (RFC 7396) as JSON text. */
type ProfileChange = Partial<Omit<Profile, 'settings'>> & { settings?: string | null }

/**
 * Changes the given fields of a profile.
 *
 * @throws unauthenticated when the session ended during the request
 * @throws validation_failed for a mobile number without a country code, and for settings that become too long
 * @throws taken (409) naming the field
 */
export async function updateProfile(
  sender: Sender,
  { settings, ...change }: ProfileChange,
): Promise<UserDocument> {
  await confirmSender({ sender })
  const changed = await User.changeProfile(sender.session, ({ mobile, countryCode, settings: stored }) => {
    if (change.mobile !== undefined || change.countryCode !== undefined)
      requireCountryCode({ mobile, countryCode, ...change })
    return settings === undefined ? change : { ...change, settings: mergeSettings(stored, settings) }
  })
  if (!changed) throw invalidToken()
  if (change.discoverable !== undefined) await untilReadersKnow()
  return changed
}

/** @throws validation_failed for a mobile number without a country code, which does not identify a telephone */
function requireCountryCode({ mobile, countryCode }: Pick<Profile, 'mobile' | 'countryCode'>): void {
  if (mobile && !countryCode)
    throw validationFailed([{ field: 'countryCode', message: 'is required with a mobile number' }])
}

/** @throws validation_failed for settings that become too long */
function mergeSettings(stored: string, patch: string | null): string {
  const merged = patch === null ? '{}' : JSON.stringify(mergePatch(JSON.parse(stored), JSON.parse(patch)))
  if (Buffer.byteLength(merged) <= SETTINGS.maxBytes) return merged
  const message = `would have more than ${SETTINGS.maxBytes} bytes; set entries to null to remove them`
  throw validationFailed([{ field: 'settings', message }])
}

/** Returns a JSON value after a merge patch (RFC 7396 §2). */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  // a Map, because `__proto__` is a name like others
  const merged = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch))
    if (value === null) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name), value))
  return Object.fromEntries(merged)
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
