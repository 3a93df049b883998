import type { Types } from 'mongoose'
import type { Logger } from 'pino'
import type { AssetFields } from '../../models/asset.ts'
import { hideAsset, hideAssetsOf, showAssetsOf } from '../../models/asset-access.ts'
import { retryChange } from '../../models/plugins/optimistic.ts'
import type { UserFields } from '../../models/user.ts'
import {
  endTransition,
  isActive,
  isInactive,
  restartTransition,
  transitionOf,
} from '../../models/user-state.ts'
import { within } from '../clock.ts'

/** How long a request waits until all assets are hidden or shown, in milliseconds. */
const READERS_WAIT_MS = 2000

/**
 * Removes the reader `public` from the assets of an account that was disabled or is being deleted, or adds it again to
 * those of an account that was enabled. Does nothing for an account that is not in transition. Can be repeated, and can
 * run several times at once. Retries when the account changes during the update.
 */
export async function updateReaders(id: Types.ObjectId): Promise<void> {
  await retryChange(
    await transitionOf(id),
    async (state) => {
      await (isInactive(state) ? hideAssetsOf(id) : showAssetsOf(id))
      return (await endTransition(state)) || null
    },
    async () => {
      // this call can have undone the update of another request for the new state of the account
      await restartTransition(id)
      return transitionOf(id)
    },
  )
}

/**
 * Updates the readers for a request, which waits 2 seconds at most: a longer update continues after the response. Logs
 * an error instead of throwing it, because the sweep repeats the update.
 */
export async function updateReadersSoon({ log }: { log: Logger }, id: Types.ObjectId): Promise<void> {
  const updated = updateReaders(id).catch((error) =>
    log.warn({ err: error, user: id }, 'the sweep will hide or show the public assets of the account'),
  )
  await within(READERS_WAIT_MS, updated)
}

/**
 * Hides an asset that was made public while its owner was disabled or deleted. Call it after the change.
 *
 * @param state the state of the owner after the change; null if the caller does not know it
 */
export async function hideIfOwnerInactive(
  { _id, owner, visibility }: AssetFields,
  state: Partial<Pick<UserFields, 'disabled' | 'deleting'>> | null = null,
): Promise<void> {
  if (visibility !== 'public') return
  const isHidden = state ? isInactive(state) : !(await isActive(owner))
  if (!isHidden) return
  await hideAsset(_id)
  if (!(await isActive(owner))) return
  // the account was enabled, and its assets were possibly shown, before this one was hidden
  await restartTransition(owner)
  await updateReaders(owner)
}
