import { Types } from 'mongoose'
import type { AssetFields } from '../../models/asset-shape.ts'
import { Link } from '../../models/link.ts'
import { notFound } from '../errors.ts'
import type { Services } from '../services.ts'

/** Ends a link of an asset. @throws `not_found` when it has none of that id, or not any more */
export async function revokeLink(
  { audit, clock }: Pick<Services, 'audit' | 'clock'>,
  asset: AssetFields,
  id: string,
): Promise<void> {
  if (!Types.ObjectId.isValid(id)) throw notFound()
  const { modifiedCount } = await Link.updateOne(
    { _id: id, asset: asset._id, revokedAt: null },
    { revokedAt: clock.now() },
  )
  if (modifiedCount === 0) throw notFound()
  await audit({
    action: 'link.revoked',
    user: asset.owner,
    target: { type: 'link', id },
    details: { asset: asset._id.toString() },
  })
}
