import { randomBytes } from 'node:crypto'
import { SIGNED_URL } from '../../models/asset.ts'
import { readableAsset } from '../../models/asset-access.ts'
import type { AssetFile, Picture } from '../../models/asset-files.ts'
import { picturesOf } from '../../models/asset-objects.ts'
import type { ListedAsset } from '../../models/asset-page.ts'
import { knownFiles, type Whole } from '../../models/file-set.ts'
import type { LinkFields } from '../../models/link.ts'
import { User, type UserFields } from '../../models/user.ts'
import { type UrlOf, urlsBelow } from '../../models/views/asset.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import type { LinkRight, UserRight } from '../auth/url-signer.ts'
import type { Context } from '../context.ts'
import { notFound } from '../errors.ts'
import { type LinkUse, reopenLink } from '../sharing/links.ts'

type Signing = Pick<Context, 'urls' | 'clock' | 'config'>

/** The user or the link whose right to read a signed URL needs. */
type Signer = Pick<UserFields, '_id' | 'sessionEpoch'> | LinkFields

interface Wanted {
  /** The id of a file; default: the first file. */
  file?: string
  /** The id of a preview image or a thumbnail. */
  image?: string
  /** The download of the asset: its only file, or a zip of its files when it is opened. Given without `file`, `image`. */
  zip?: true
  /** Send an attachment: a file then counts as a download, also if its media type can be shown in a browser. */
  download?: boolean
  /** Lifetime in seconds. */
  expiresIn?: number
}

/**
 * Returns a URL that reads one file or picture without authentication, as long as the user can read the asset or the
 * link is open. It is invalid after its expiry, after a change of the password of the user or the link, and, if a user
 * signed it, after each change of the asset's visibility and after the user was disabled. It is not stored.
 *
 * @throws `not_found` when the asset has no file or picture with this id
 */
export function signUrl(
  { urls, clock, config }: Signing,
  asset: ListedAsset & Partial<Whole>,
  signer: Signer,
  { file, image, zip, download, expiresIn = SIGNED_URL.defaultExpiry }: Wanted = {},
): { url: string; expiresAt: Date } {
  const found = image === undefined ? fileOf(asset, file) : pictureOf(asset, image)
  if (!found) throw notFound()
  const seconds = Math.floor(clock.now().getTime() / 1000) + expiresIn
  const expiresAt = new Date(seconds * 1000)
  const bytes = {
    ...(zip ? { zip } : { [image === undefined ? 'file' : 'image']: found.id }),
    ...(download ? { download } : {}),
    ...rightOf(asset, signer),
  }
  return { url: pathOf(config, urls.sign(bytes, expiresAt)), expiresAt }
}

const pathOf = ({ http }: Context['config'], token: string) => `${http.basePath}/api/signed/${token}`

/** Returns the part that all signed URLs of an asset in an answer have in common. */
function rightOf(asset: ListedAsset, signer: Signer): { asset: string } & (UserRight | LinkRight) {
  const id = asset._id.toString()
  if ('tokenHash' in signer)
    return {
      asset: id,
      link: signer._id.toString(),
      passwordEpoch: signer.passwordEpoch ?? 0,
      use: randomBytes(12).toString('base64url'),
    }
  return {
    asset: id,
    user: signer._id.toString(),
    visibility: asset.visibility,
    visibilityEpoch: asset.visibilityEpoch ?? 0,
    sessionEpoch: signer.sessionEpoch,
  }
}

/** The expiry of the URLs in answers is rounded up to a multiple of this, in milliseconds. */
const EXPIRY_STEP_MS = 1_800_000

/** Returns a function for the URLs of assets that are not signed: the paths below each asset. */
export const plainUrls =
  ({ config: { http } }: Pick<Context, 'config'>) =>
  (asset: Pick<ListedAsset, '_id'>): UrlOf =>
    urlsBelow(`${http.basePath}/api/assets/${asset._id}`)

/**
 * Returns a function for the URLs of assets in an answer. They are signed if the answer was requested with `signed`, but
 * not for anonymous callers, who need no signature to read public assets. Signed URLs are valid for 1 to 1½ hours: the expiry is
 * rounded, so that a user gets the same URLs for half an hour and browsers can cache the bytes.
 */
export function urlsFor(
  context: Signing,
  signer: Signer | null | undefined,
  signed: boolean | undefined,
): (asset: ListedAsset) => UrlOf {
  if (!signed || !signer) return plainUrls(context)
  const { urls, clock, config } = context
  const earliest = clock.now().getTime() + SIGNED_URL.defaultExpiry * 1000
  const expiresAt = new Date(Math.ceil(earliest / EXPIRY_STEP_MS) * EXPIRY_STEP_MS)
  return (asset) => {
    const right = rightOf(asset, signer)
    return (place, id) =>
      pathOf(config, urls.sign({ [place === 'files' ? 'file' : 'image']: id, ...right }, expiresAt))
  }
}

/** What a signed URL opens. `use`: by a link. */
type Opened = { asset: Whole; use?: LinkUse; download: boolean; expiresAt: Date } & (
  | { file: AssetFile }
  | { picture: Picture }
  | { zip: true }
)

/**
 * Returns the file, picture or download of a signed URL.
 *
 * @throws `not_found` when the URL is invalid or no longer valid
 * @throws `link_expired` when the URL is of a link that has ended
 */
export async function followSignedUrl(
  { urls, clock }: Pick<Context, 'urls' | 'clock'>,
  token: string,
  client: ClientInfo,
): Promise<Opened> {
  const bytes = urls.verify(token, clock.now())
  if (!bytes) throw notFound()
  const read =
    'link' in bytes
      ? await reopenLink({ clock }, bytes, client)
      : { asset: await assetOfUser(bytes.asset, bytes) }
  const { asset } = read
  const opened = { ...read, download: bytes.download === true, expiresAt: new Date(bytes.exp * 1000) }
  if (bytes.zip) return { ...opened, zip: true }
  const picture = bytes.image === undefined ? undefined : pictureOf(asset, bytes.image)
  if (picture) return { ...opened, picture }
  const file = bytes.file === undefined ? undefined : fileOf(asset, bytes.file)
  if (!file) throw notFound()
  return { ...opened, file }
}

/** Returns an asset if its state and that of the user are those that were signed. @throws `not_found` */
async function assetOfUser(id: string, signed: UserRight): Promise<Whole> {
  const user = await User.findActive(signed.user)
  if (!user || user.sessionEpoch !== (signed.sessionEpoch ?? 0)) throw notFound()
  const asset = await readableAsset(id, user)
  if (asset?.visibility !== signed.visibility) throw notFound()
  if ((asset.visibilityEpoch ?? 0) !== (signed.visibilityEpoch ?? 0)) throw notFound()
  return asset
}

const fileOf = (asset: ListedAsset & Partial<Whole>, id = asset.files[0]?.id) =>
  knownFiles(asset).find((file) => file.id === id)
const pictureOf = (asset: ListedAsset, id: string) => picturesOf(asset).find((picture) => picture.id === id)
