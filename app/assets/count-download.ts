import type { Types } from 'mongoose'
import { Asset } from '../../models/asset.ts'
import { Link, type LinkFields } from '../../models/link.ts'
import { linkExpired } from '../errors.ts'

/**
 * Counts bytes that go out: a link uses one of its downloads each time, an asset is downloaded once per whole.
 *
 * @throws `link_expired` when the link has none left
 */
export async function countBytes(
  asset: Types.ObjectId,
  { link, whole, now }: { link: LinkFields | undefined; whole: boolean; now: Date },
): Promise<void> {
  if (link && !(await Link.use(link._id, now))) throw linkExpired()
  if (whole) await Asset.recordDownload(asset)
}
