import { untilReadersKnow } from '../../models/owner-states.ts'
import { type Profile, User, type UserDocument } from '../../models/user.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import { invalidToken, validationFailed } from '../errors.ts'

/**
 * Changes the given fields of a profile; null clears a field.
 *
 * @throws unauthenticated when the session ended during the request
 * @throws validation_failed for a mobile number without a country code
 * @throws taken (409) naming the field
 */
export async function updateProfile(sender: Sender, change: Partial<Profile>): Promise<UserDocument> {
  await confirmSender({ sender })
  const changed = await User.changeProfile(sender.session, ({ mobile, countryCode }) => {
    if (change.mobile !== undefined || change.countryCode !== undefined)
      requireCountryCode({ mobile, countryCode, ...change })
    return change
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
