import { createHash, randomBytes } from 'node:crypto'
import type { AssetFields } from '../../models/asset.ts'
import { isTakenDown } from '../../models/asset-access.ts'
import { Link, type LinkFields } from '../../models/link.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import { hashPasswordQueued } from '../auth/passwords.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import type { Context } from '../context.ts'
import { conflict, forbidden, notFound } from '../errors.ts'

export interface NewLink {
  expiresAt?: Date
  maxDownloads?: number
  password?: string
}

/**
 * Makes a link to an asset.
 *
 * @returns the link, and its token, which nobody can learn again
 * @throws `not_found` when the asset is gone, `forbidden` when it was taken down, `conflict` when it has too many links,
 *   what `confirmSender` throws, `unavailable`
 */
export async function createLink(
  context: Pick<Context, 'audit' | 'clock' | 'config' | 'queues'>,
  asset: AssetFields,
  sender: Sender,
  { expiresAt, maxDownloads, password }: NewLink,
  client: ClientInfo,
): Promise<{ link: LinkFields; token: string }> {
  const { audit, clock } = context
  if (asset.takenDownAt) throw takenDown()
  const now = clock.now()
  const token = randomBytes(32).toString('base64url')
  const passwordHash = password === undefined ? null : await hashPasswordQueued(context, client, password)
  await confirmSender({ sender })
  const link = await Link.create({
    asset: asset._id,
    owner: asset.owner,
    tokenHash: hashToken(token),
    passwordHash,
    expiresAt: expiresAt ?? null,
    maxDownloads: maxDownloads ?? null,
    createdAt: now,
  })
  // the link is another document than the asset: what ended the right meanwhile is looked for after it is stored
  const takenDownNow = await isTakenDown(asset._id, sender.user._id)
  if (takenDownNow !== false) {
    await Link.remove(link._id)
    throw takenDownNow ? takenDown() : notFound()
  }
  if (!(await Link.makeRoom(asset._id))) {
    await Link.remove(link._id)
    throw conflict('An asset can have at most 1,000 links. Revoke one first.')
  }
  await audit({
    action: 'link.created',
    user: asset.owner,
    target: { type: 'link', id: link._id.toString() },
    details: {
      asset: asset._id.toString(),
      expiresAt: expiresAt?.toISOString() ?? null,
      maxDownloads: maxDownloads ?? null,
      hasPassword: password !== undefined,
    },
  })
  return { link: link.toObject(), token }
}

const takenDown = () => forbidden('An administrator took this asset down: it can have no links.')

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
