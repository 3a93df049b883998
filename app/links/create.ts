import { createHash, randomBytes } from 'node:crypto'
import type { AssetFields } from '../../models/asset-shape.ts'
import { Link, type LinkFields } from '../../models/link.ts'
import type { Client } from '../auth/client.ts'
import { hashInTurn } from '../auth/hash-in-turn.ts'
import type { Services } from '../services.ts'

export interface NewLink {
  expiresAt?: Date
  maxDownloads?: number
  password?: string
}

/**
 * Makes a link to an asset.
 *
 * @returns the link, and its token, which nobody can learn again
 * @throws `unavailable`
 */
export async function createLink(
  services: Pick<Services, 'audit' | 'clock' | 'config' | 'queues'>,
  asset: AssetFields,
  { expiresAt, maxDownloads, password }: NewLink,
  client: Client,
): Promise<{ link: LinkFields; token: string }> {
  const { audit, clock } = services
  const now = clock.now()
  const token = randomBytes(32).toString('base64url')
  const link = await Link.create({
    asset: asset._id,
    owner: asset.owner,
    tokenHash: hashToken(token),
    passwordHash: password === undefined ? null : await hashInTurn(services, client, password),
    expiresAt: expiresAt ?? null,
    maxDownloads: maxDownloads ?? null,
    createdAt: now,
  })
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

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
