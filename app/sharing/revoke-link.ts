import type { AssetFields } from '../../models/asset.ts'
import { isId } from '../../models/ids.ts'
import { Link } from '../../models/link.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import type { Context } from '../context.ts'
import { notFound } from '../errors.ts'

/** Ends a link of an asset. @throws `not_found` when it has none of that id, or not any more, and what `confirmSender` throws */
export async function revokeLink(
  { audit, clock }: Pick<Context, 'audit' | 'clock'>,
  asset: AssetFields,
  sender: Sender,
  id: string,
): Promise<void> {
  if (!isId(id)) throw notFound()
  await confirmSender({ sender })
  if (!(await Link.revoke(id, asset._id, sender.user._id, clock.now()))) throw notFound()
  await audit({
    action: 'link.revoked',
    user: asset.owner,
    target: { type: 'link', id },
    details: { asset: asset._id.toString() },
  })
}
