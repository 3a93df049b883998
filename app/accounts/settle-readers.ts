import type { Types } from 'mongoose'
import type { AssetFields } from '../../models/asset.ts'
import { hideAsset, hideAssetsOf, showAssetsOf } from '../../models/asset-access.ts'
import { retryChange } from '../../models/plugins/optimistic.ts'
import {
  endTransition,
  isActive,
  isClosed,
  restartTransition,
  transitionOf,
} from '../../models/user-state.ts'
import { within } from '../clock.ts'
import type { Context } from '../context.ts'

/** How long a request waits until all assets are hidden or shown, in milliseconds. */
const SETTLE_MS = 2000

/**
 * Removes the reader `public` from the assets of an account that was disabled or is being deleted, or adds it again to
 * those of an account that was enabled. Does nothing for an account that is not in transition. Can be repeated, and can
 * run several times at once. Retries when the account changed meanwhile.
 */
export async function settleReaders(id: Types.ObjectId): Promise<void> {
  await retryChange(
    await transitionOf(id),
    async (state) => {
      await (isClosed(state) ? hideAssetsOf(id) : showAssetsOf(id))
      return (await endTransition(state)) || null
    },
    async () => {
      // this request may have undone what another one did for the new state of the account
      await restartTransition(id)
      return transitionOf(id)
    },
  )
}

/** As `settleReaders`, for a request: what takes long goes on behind the answer, and what fails is left to the sweep. */
export async function settleSoon({ log }: Pick<Context, 'log'>, id: Types.ObjectId): Promise<void> {
  const settled = settleReaders(id).catch((error) =>
    log.warn({ err: error, user: id }, 'the sweep will hide or show the public assets of the account'),
  )
  await within(SETTLE_MS, settled)
}

/** Hides an asset that became public while its owner's account was being closed. Call it after the change. */
export async function hideIfClosed({ _id, owner, visibility }: AssetFields): Promise<void> {
  if (visibility === 'public' && !(await isActive(owner))) await hideAsset(_id)
}
