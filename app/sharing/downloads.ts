import type { Types } from 'mongoose'
import { Asset } from '../../models/asset.ts'
import { unlessFull } from '../../models/database-errors.ts'
import { Link, type LinkFields, type Read } from '../../models/link.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import { linkExpired } from '../errors.ts'
import { networkOf } from './links.ts'

interface Download {
  link: LinkFields | undefined
  /** The id of the use of a signed URL of the link: its requests use one download within an hour. */
  use: string | undefined
  client: ClientInfo
  /** The digest of the file or zip. */
  bytes: string
  /** Whether the answer begins with the first byte. */
  fromStart: boolean
  /** Whether the bytes are shown in the browser. */
  inline: boolean
  now: Date
}

/**
 * Counts a download. An answer with the first byte counts for the asset, unless it is shown inline. Each answer with
 * bytes uses one download of the link; one without the first byte uses none if a client of the same network used the
 * link for the same file or zip within the last hour, so that an interrupted download can be continued. By signed URLs
 * of one answer, all requests of a network use one download within an hour: a player reads the first bytes several times.
 *
 * @throws `link_expired` when the link has no downloads left
 */
export async function countDownload(
  asset: Types.ObjectId,
  { link, use, client, bytes, fromStart, inline, now }: Download,
): Promise<void> {
  if (link) {
    const read = { network: networkOf(link, client), bytes: use ?? bytes }
    if (!(await useLink(link, read, now, !fromStart || use !== undefined))) throw linkExpired()
  }
  if (fromStart && !inline) await unlessFull(Asset.recordDownload(asset), undefined)
}

/** Uses a link as `Link.use`. A link without a limit is also used when the database is full and cannot count it. */
const useLink = (link: LinkFields, ...use: [read: Read, now: Date, continues: boolean]): Promise<boolean> => {
  const used = Link.use(link._id, ...use)
  return link.maxDownloads === null ? unlessFull(used, true) : used
}
