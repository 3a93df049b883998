import { createHash, randomBytes } from 'node:crypto'
import { Types } from 'mongoose'
import { Asset, type AssetFields } from '../../models/asset.ts'
import { isTakenDown } from '../../models/asset-access.ts'
import { recordLinks } from '../../models/asset-objects.ts'
import { unlessFull } from '../../models/database-errors.ts'
import { readWhole, type Whole } from '../../models/file-set.ts'
import { isId } from '../../models/ids.ts'
import { isOpen, isUsedUp, Link, type LinkChange, type LinkFields, type Read } from '../../models/link.ts'
import { verifyPassword } from '../../models/password.ts'
import { normalizeText } from '../../models/text.ts'
import { isActive } from '../../models/user-state.ts'
import { addressKey, type ClientInfo } from '../auth/client-info.ts'
import { renewedHash } from '../auth/credentials.ts'
import { hashPasswordQueued } from '../auth/passwords.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import type { LinkRight } from '../auth/url-signer.ts'
import type { Context } from '../context.ts'
import { badCredentials, conflict, forbidden, linkExpired, notFound, passwordRequired } from '../errors.ts'

export interface NewLink {
  expiresAt?: Date
  maxDownloads?: number
  password?: string
  label?: string
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
  { expiresAt, maxDownloads, password, label }: NewLink,
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
    label: label ?? null,
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
    details: detailsOf(link),
  })
  return { link: link.toObject(), token }
}

/** Returns what the owner's activity shows of a link: nothing that opens it. */
const detailsOf = ({ asset, expiresAt, maxDownloads, passwordHash }: LinkFields) => ({
  asset: asset.toString(),
  expiresAt: expiresAt?.toISOString() ?? null,
  maxDownloads,
  hasPassword: passwordHash !== null,
})

/** Changes of a link; null clears a field. */
type LinkUpdate = { [Field in keyof NewLink]?: NewLink[Field] | null }

/**
 * Changes a link of an asset. A link that ended by its date or its limit opens again when that is raised.
 *
 * @throws `not_found` when the asset has no link with this id, or it is revoked
 * @throws `unavailable` when too many passwords wait to be hashed
 * @throws what `confirmSender` throws
 */
export async function updateLink(
  context: Pick<Context, 'config' | 'events' | 'queues'>,
  asset: AssetFields,
  sender: Sender,
  id: string,
  { password, ...fields }: LinkUpdate,
  client: ClientInfo,
): Promise<LinkFields> {
  if (!isId(id)) throw notFound()
  const passwordHash = password ? await hashPasswordQueued(context, client, password) : password
  await confirmSender({ sender })
  const change: LinkChange = { ...fields, ...(passwordHash === undefined ? {} : { passwordHash }) }
  const changed = await Link.change(id, asset._id, sender.user._id, change)
  if (!changed) throw notFound()
  const { before, after } = changed
  const names = (Object.keys(change) as (keyof LinkChange)[]).filter(
    (name) => (before[name] ?? null)?.valueOf() !== after[name]?.valueOf(),
  )
  if (names.length > 0)
    await context.events.record({
      action: 'link.updated',
      user: asset.owner,
      target: { type: 'link', id },
      details: { ...detailsOf(after), changed: names.join(' ').replace('passwordHash', 'password') },
    })
  return after
}

const takenDown = () => forbidden('An administrator took this asset down. It cannot have links.')

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

interface Key {
  token: string
  /** As the client sent it. */
  password: string | undefined
  client: ClientInfo
  /** Whether the request can continue a download, which a link without downloads left allows for an hour. */
  continues: boolean
}

/**
 * Returns the link of a token and its asset.
 *
 * @throws `not_found` for an unknown token
 * @throws `link_expired`
 * @throws `password_required` for a missing password
 * @throws `bad_credentials` for a wrong password
 * @throws `too_many_requests`
 * @throws `unavailable`
 */
export async function followLink(
  { clock, config, limits }: Pick<Context, 'clock' | 'config' | 'limits'>,
  { token, password, client, continues }: Key,
): Promise<{ link: LinkFields; asset: Whole }> {
  // which bytes are read is checked when they are sent
  const opened = await open(await Link.ofToken(hashToken(token)), client, continues && {}, clock.now())
  await unlock({ config, limits }, opened.link, password, client)
  return opened
}

/** A link that is used by a signed URL. */
export interface LinkUse {
  link: LinkFields
  id: string
}

/**
 * Returns the asset of a link by a signed URL of it. The password was checked when the URL was signed.
 *
 * @throws `not_found` when the link does not exist any more, or has another password now
 * @throws `link_expired`
 */
export async function reopenLink(
  { clock }: Pick<Context, 'clock'>,
  right: LinkRight,
  client: ClientInfo,
): Promise<{ use: LinkUse; asset: Whole }> {
  const found = await Link.byId(right.link)
  const { link, asset } = await open(found, client, { bytes: right.use }, clock.now())
  if ((link.passwordEpoch ?? 0) !== right.passwordEpoch) throw notFound()
  return { use: { link, id: right.use }, asset }
}

/**
 * Returns a link that is open, and its asset.
 *
 * @param continued the use that a request can continue, which a link without downloads left allows for an hour
 */
async function open(
  link: LinkFields | null,
  client: ClientInfo,
  continued: false | Partial<Read>,
  now: Date,
): Promise<{ link: LinkFields; asset: Whole }> {
  // reads an asset even without a link, so that an unknown token takes as long as one of a deleted asset
  const to = link ?? { asset: new Types.ObjectId(), owner: new Types.ObjectId() }
  const [asset, owner] = await Promise.all([readWhole(() => Asset.ready(to.asset)), isActive(to.owner)])
  if (!link || !asset || !owner) throw notFound()
  if (!isOpen(link, now) || asset.takenDownAt) throw linkExpired()
  const read = { ...continued, network: networkOf(link, client) }
  if (isUsedUp(link) && !(continued && (await Link.canContinue(link._id, read, now)))) throw linkExpired()
  return { link, asset }
}

async function unlock(
  { config, limits }: Pick<Context, 'config' | 'limits'>,
  { _id, passwordHash }: LinkFields,
  password: string | undefined,
  client: ClientInfo,
): Promise<void> {
  if (passwordHash === null) return
  if (!password) throw passwordRequired()
  const verified = await limits.checkLinkPassword(_id.toString(), client, async () => {
    const found = await verifyPassword(readingsOf(password), passwordHash)
    if (found === null) return null
    const wanted = normalizeText(found)
    const renewed = await renewedHash(passwordHash, { password: found, wanted }, config.auth.bcryptCost)
    if (renewed !== null) await unlessFull(Link.renewPassword(_id, passwordHash, renewed), undefined)
    return true
  })
  if (!verified) throw badCredentials('The password of the link is wrong.')
}

/**
 * Returns the passwords that a header can mean: its value as it is, then decoded. Clients percent-encode what is not
 * ASCII (RFC 3986 §2.1); some send the bytes of UTF-8, which Node reads as Latin-1. Each in NFC, then as it was sent, of
 * which earlier releases made the hash.
 */
function readingsOf(value: string): string[] {
  const readings = [value, decode(value)]
  return [...new Set([...readings.map(normalizeText), ...readings])]
}

function decode(value: string): string {
  try {
    if (/^[\x20-\x7e]*$/.test(value)) return decodeURIComponent(value)
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'))
  } catch {
    return value
  }
}

/** Returns the client's network as a link stores it: a digest, because the link is kept longer than an address should be. */
export const networkOf = ({ tokenHash }: LinkFields, { address }: ClientInfo): string =>
  hashToken(`${tokenHash} ${addressKey(address)}`).slice(0, 16)

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
