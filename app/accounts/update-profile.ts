import { Session, type SessionFields } from '../../models/session.ts'
import { type Profile, User, type UserDocument } from '../../models/user.ts'
import { unauthenticated } from '../errors.ts'
import { requireWholePhone } from './phone.ts'

/**
 * Changes the given fields of a profile; null clears a field.
 *
 * @throws unauthenticated when the session ended meanwhile; validation_failed for a mobile number without its country;
 *   taken (409, naming the field)
 */
export async function updateProfile(session: SessionFields, change: Partial<Profile>): Promise<UserDocument> {
  if (await Session.isEnded(session)) throw unauthenticated()
  const changed = await User.changeProfile(session, ({ mobile, countryCode }) => {
    if (change.mobile !== undefined || change.countryCode !== undefined)
      requireWholePhone({ mobile, countryCode, ...change })
    return change
  })
  if (!changed) throw unauthenticated()
  return changed
}
