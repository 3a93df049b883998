import type { Types } from 'mongoose'
import { Asset } from '../../models/asset.ts'
import { notLocked } from '../../models/asset-lock.ts'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import type { UserDocument } from '../../models/user-shape.ts'
import { removeEverythingOf } from '../assets/remove-everything.ts'
import { confirmPassword } from '../auth/credentials.ts'
import { conflict, locked } from '../errors.ts'
import type { Services } from '../services.ts'

/**
 * Deletes an account and all that is its own. It is gone for everybody from the first step on; where a later
 * one fails, the sweep goes on from there.
 *
 * @throws bad_credentials (403), too_many_requests; conflict for the last admin; locked while a lock runs on an asset
 */
export async function deleteAccount(
  services: Pick<Services, 'limits' | 'log' | 'store' | 'clock'>,
  { _id }: UserDocument,
  { password, address }: { password: string; address: string | undefined },
): Promise<void> {
  const user = await confirmPassword(services, _id, password, address)
  await assertUnlocked(_id, services.clock.now())
  await giveUp(user)
  await finishDeletion(services, _id)
}

/**
 * Removes what an account under deletion still has, and at last the account: only then its names are free.
 *
 * @returns whether there is nothing left to do; if not, call again later
 */
export async function finishDeletion(
  services: Pick<Services, 'log' | 'store' | 'clock'>,
  id: Types.ObjectId,
): Promise<boolean> {
  if (!(await User.exists({ _id: id, deleting: true }))) return true
  await Session.endAll(id)
  if (!(await removeEverythingOf(services, id))) return false
  await User.deleteOne({ _id: id, deleting: true })
  return true
}

/** @throws locked */
async function assertUnlocked(owner: Types.ObjectId, now: Date): Promise<void> {
  if (await Asset.exists({ owner, state: 'ready', $nor: [notLocked(now)] })) throw locked()
}

/** Asked before and after, so that of two last admins who leave at once at least one stays. */
async function giveUp({ _id, access }: UserDocument): Promise<void> {
  const isLastAdmin = async () => access === 'admin' && !(await User.hasOtherAdmin(_id))
  if (await isLastAdmin()) throw lastAdmin()
  await User.setDeleting(_id, true)
  if (!(await isLastAdmin())) return
  await User.setDeleting(_id, false)
  throw lastAdmin()
}

const lastAdmin = () => conflict('The last admin cannot be deleted.')
