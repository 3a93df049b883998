import { isDeepStrictEqual } from 'node:util'
import { Asset, type AssetFields, isLocked } from '../../models/asset.ts'
import { visibleAsset } from '../../models/asset-access.ts'
import { sameObjects } from '../../models/asset-objects.ts'
import type { Authority } from '../auth/sender.ts'
import type { AssetContext } from '../context.ts'
import { notFound, versionConflict } from '../errors.ts'
import { assertAccess } from '../sharing/assert-access.ts'
import { lockedBy } from './locked-by.ts'

interface Attempt {
  /** The version the client insists on. */
  version?: number | undefined
  /** Who changes the asset; the service itself where there is none. */
  by?: Authority | undefined
  /** The change is one that a lock does not forbid. */
  anyLock?: boolean
}

/**
 * Reads an asset again after a conditional update of it did not take place, and decides whether a retry can succeed.
 *
 * @throws `not_found` when it, or the upload that was to change it, is gone, or the sender may no longer read it
 * @throws `forbidden` when the sender may no longer change it; `locked`, `version_conflict`
 */
export async function readAgain(
  { clock }: Pick<AssetContext, 'clock'>,
  tried: AssetFields,
  { version, by, anyLock = false }: Attempt,
): Promise<AssetFields> {
  const current =
    by && by.access !== 'admin' ? await visibleAsset(tried._id, by.sender.user) : await Asset.ready(tried._id)
  if (!current) throw notFound()
  if (by && by.access !== 'admin') assertAccess(current, by.sender.user, by.access)
  if (!anyLock && isLocked(current, clock.now())) throw lockedBy(current, clock.now())
  if (version !== undefined && current.version !== version) throw versionConflict()
  if (isDeepStrictEqual(sameObjects(current), sameObjects(tried))) throw notFound()
  return current
}
