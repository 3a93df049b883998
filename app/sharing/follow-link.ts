import { Types } from 'mongoose'
import { Asset, type AssetFields } from '../../models/asset.ts'
import { isOpen, Link, type LinkFields } from '../../models/link.ts'
import { verifyPassword } from '../../models/password.ts'
import { isActive } from '../../models/user-state.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import type { Context } from '../context.ts'
import { badCredentials, linkExpired, notFound } from '../errors.ts'
import { hashToken } from './create-link.ts'

interface Key {
  token: string
  password: string | undefined
  client: ClientInfo
}

/**
 * The link of a token and the asset it leads to.
 *
 * @throws `not_found` for an unknown token, `link_expired`, `bad_credentials`, `too_many_requests`, `unavailable`
 */
export async function followLink(
  { clock, limits }: Pick<Context, 'clock' | 'limits'>,
  { token, password, client }: Key,
): Promise<{ link: LinkFields; asset: AssetFields }> {
  const link = await Link.ofToken(hashToken(token))
  // looked for even where there is no link, so that it takes as long as where it leads nowhere any more
  const to = link ?? { asset: new Types.ObjectId(), owner: new Types.ObjectId() }
  const [asset, owner] = await Promise.all([Asset.ready(to.asset), isActive(to.owner)])
  if (!link || !asset || !owner) throw notFound()
  if (!isOpen(link, clock.now()) || asset.takenDownAt) throw linkExpired()
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
