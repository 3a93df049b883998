import type { SessionFields } from '../../models/session.ts'
import { type Profile, User, type UserDocument } from '../../models/user.ts'
import { unauthenticated } from '../errors.ts'
import { requireWholePhone } from './phone.ts'

/**
 * Changes what is given of a profile; null clears.
 *
 * @throws unauthenticated when the session ended meanwhile; validation_failed for a mobile number without its country;
 *   taken (409, naming the field)
 */
export async function updateProfile(session: SessionFields, change: Partial<Profile>): Promise<UserDocument> {
  for (;;) {
    const user = await User.findHolder(session)
    if (!user) throw unauthenticated()
    if (change.mobile !== undefined || change.countryCode !== undefined)
      requireWholePhone({ mobile: user.mobile, countryCode: user.countryCode, ...change })
    const changed = await User.changeProfile(session, user, change)
    if (changed) return changed
  }
}
