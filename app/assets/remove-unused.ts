import type { AssetFields } from '../../models/asset.ts'
import type { Sender } from '../auth/sender.ts'
import type { AssetContext } from '../context.ts'
import { notFound } from '../errors.ts'
import { refuseUsed } from '../projects/references.ts'
import { assertAccess } from '../sharing/assert-access.ts'
import { findAsset } from './find.ts'
import { removeAsset } from './remove.ts'

interface Options {
  /** Takes the asset out of the scenes that use it. */
  force?: boolean | undefined
  /** Only if the asset is still at it. */
  version?: number | undefined
}

/**
 * Deletes an asset for its owner unless a scene uses it.
 *
 * @throws `conflict` for one that is used, and what `removeAsset` throws
 */
export async function removeUnused(
  context: AssetContext,
  asset: AssetFields,
  sender: Sender,
  { force = false, version }: Options,
): Promise<void> {
  if (!force) await refuseUsed(asset, sender.user)
  await removeAsset(context, asset, sender, version)
}

/**
 * Deletes the asset of an id, as `removeUnused` does.
 *
 * @throws `not_found` for an asset that the sender cannot read, `forbidden` for one of another owner
 */
export async function removeById(
  context: AssetContext,
  id: string,
  sender: Sender,
  { force }: Pick<Options, 'force'>,
): Promise<void> {
  const asset = await findAsset(id, sender.user)
  if (!asset) throw notFound()
  assertAccess(asset, sender.user, 'owner')
  await removeUnused(context, asset, sender, { force })
}
