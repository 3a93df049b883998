import { type Access, accessOf, type Viewer } from '../../models/asset-access.ts'
import type { Shared } from '../../models/plugins/sharing.ts'
import { forbidden, unauthenticated } from '../errors.ts'

const RANK: Record<Access, number> = { read: 0, write: 1, owner: 2 }

/**
 * Checks that a viewer has at least this access to a document that they can read.
 *
 * @throws `unauthenticated`
 * @throws `forbidden`
 */
export function assertAccess(
  shared: Pick<Shared, 'owner' | 'collaborators'> | undefined,
  viewer: Viewer,
  access: Access,
): void {
  if (!viewer) throw unauthenticated()
  if (!shared || RANK[accessOf(shared, viewer)] < RANK[access]) throw forbidden()
}
