import { createHash, randomBytes } from 'node:crypto'
import { Types } from 'mongoose'
import { Asset, type AssetFields } from '../../models/asset.ts'
import { isTakenDown } from '../../models/asset-access.ts'
import { recordLinks } from '../../models/asset-objects.ts'
import { unlessFull } from '../../models/database-errors.ts'
import { readWhole, type Whole } from '../../models/file-set.ts'
import { isId } from '../../models/ids.ts'
import { isUsable, Link, type LinkFields } from '../../models/link.ts'
import { verifyPassword } from '../../models/password.ts'
import { isActive } from '../../models/user-state.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import { hashPasswordQueued } from '../auth/passwords.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import type { Context } from '../context.ts'
import { badCredentials, conflict, forbidden, linkExpired, notFound } from '../errors.ts'

export interface NewLink {
  expiresAt?: Date
  maxDownloads?: number
  password?: string
}

/**
 * Creates a link to an asset.
 *
 * @returns the link and its token, which cannot be read again
 * @throws `not_found` when the asset does not exist any more
 * @throws `forbidden` when the asset was taken down
 * @throws `conflict` when the asset has too many links
 * @throws `unavailable` when too many passwords wait to be hashed
 * @throws what `confirmSender` throws
 */
export async function createLink(
  context: Pick<Context, 'config' | 'events' | 'queues'>,
  asset: AssetFields,
  sender: Sender,
  { expiresAt, maxDownloads, password }: NewLink,
  client: ClientInfo,
): Promise<{ link: LinkFields; token: string }> {
  const { events } = context
  if (asset.takenDownAt) throw takenDown()
  const token = randomBytes(32).toString('base64url')
  const passwordHash = password === undefined ? null : await hashPasswordQueued(context, client, password)
  await confirmSender({ sender })
  if (!(await recordLinks(asset))) throw notFound()
  const link = await Link.create({
    asset: asset._id,
    owner: asset.owner,
    tokenHash: hashToken(token),
    passwordHash,
    expiresAt: expiresAt ?? null,
    maxDownloads: maxDownloads ?? null,
  })
  // the link is a separate document, so the right to share the asset is checked again after the link is stored
  const takenDownNow = await isTakenDown(asset._id, sender.user._id)
  if (takenDownNow !== false) {
    await Link.remove(link._id)
    throw takenDownNow ? takenDown() : notFound()
  }
  if (!(await Link.makeRoom(asset._id))) {
    await Link.remove(link._id)
    throw conflict('An asset can have at most 1,000 links. Revoke one first.')
  }
  await events.record({
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

const takenDown = () => forbidden('An administrator took this asset down. It cannot have links.')

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

interface Key {
  token: string
  password: string | undefined
  client: ClientInfo
}

/**
 * Returns the link of a token and its asset.
 *
 * @throws `not_found` for an unknown token
 * @throws `link_expired`
 * @throws `bad_credentials` for a missing or wrong password
 * @throws `too_many_requests`
 * @throws `unavailable`
 */
export async function followLink(
  { clock, limits }: Pick<Context, 'clock' | 'limits'>,
  { token, password, client }: Key,
): Promise<{ link: LinkFields; asset: Whole }> {
  const link = await Link.ofToken(hashToken(token))
  // reads an asset even without a link, so that an unknown token takes as long as one of a deleted asset
  const to = link ?? { asset: new Types.ObjectId(), owner: new Types.ObjectId() }
  const [asset, owner] = await Promise.all([readWhole(() => Asset.ready(to.asset)), isActive(to.owner)])
  if (!link || !asset || !owner) throw notFound()
  if (!isUsable(link, clock.now()) || asset.takenDownAt) throw linkExpired()
  await unlock(limits, link, password, client)
  return { link, asset }
}

async function unlock(
  limits: Context['limits'],
  { _id, passwordHash }: LinkFields,
  password: string | undefined,
  client: ClientInfo,
): Promise<void> {
  if (passwordHash === null) return
  if (password === undefined) throw badCredentials()
  const verified = await limits.checkLinkPassword(_id.toString(), client, async () =>
    (await verifyPassword(password, passwordHash)) ? true : null,
  )
  if (!verified) throw badCredentials()
}

/**
 * Revokes a link of an asset.
 *
 * @throws `not_found` when the asset has no link with this id, or it is revoked
 * @throws what `confirmSender` throws
 */
export async function revokeLink(
  { clock, events }: Pick<Context, 'clock' | 'events'>,
  asset: AssetFields,
  sender: Sender,
  id: string,
): Promise<void> {
  if (!isId(id)) throw notFound()
  await confirmSender({ sender })
  if (!(await Link.revoke(id, asset._id, sender.user._id, clock.now()))) throw notFound()
  await events.record({
    action: 'link.revoked',
    user: asset.owner,
    target: { type: 'link', id },
    details: { asset: asset._id.toString() },
  })
}

/**
 * Counts a download. Every answer with bytes uses one download of the link; only the download of a whole file counts
 * for the asset.
 *
 * @throws `link_expired` when the link has no downloads left
 */
export async function countDownload(
  asset: Types.ObjectId,
  { link, whole, now }: { link: LinkFields | undefined; whole: boolean; now: Date },
): Promise<void> {
  if (link && !(await Link.use(link._id, now))) throw linkExpired()
  if (whole) await unlessFull(Asset.recordDownload(asset), undefined)
}
