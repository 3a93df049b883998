import { createAsset } from '../../app/assets/create.ts'
import { signUrl } from '../../app/assets/signed-url.ts'
import { readAccount } from '../../app/auth/sessions.ts'
import type { Context } from '../../app/context.ts'
import { notFound, unsupportedMedia } from '../../app/errors.ts'
import { searchInTurn } from '../../app/search/search.ts'
import { success } from '../../middleware/envelope.ts'
import type { Handler } from '../../middleware/handle.ts'
import { Asset } from '../../models/asset.ts'
import type { AssetFile } from '../../models/asset-files.ts'
import type { ListedAsset } from '../../models/asset-page.ts'
import { searchAssets } from '../../models/asset-search.ts'
import { knownFiles, readWhole, type Whole } from '../../models/file-set.ts'
import type { UserFields } from '../../models/user.ts'
import { serializePublicUser } from '../../models/views/user.ts'
import type * as rules from '../../routes/compat/images.rules.ts'

export const create: Handler = async ({ context, upload, sender, session }, res) => {
  const [file] = upload.files
  if (file?.media !== 'image') throw unsupportedMedia('The file must be an image.')
  const asset = await createAsset(context, upload, sender, {})
  const user = await readAccount(session)
  res.status(201).json(success({ image: serializeImage(context, asset, file, user) }))
}

/** Lists the caller's own images, newest first. */
export const list: Handler<typeof rules.list> = async (
  { context, user: caller, session, client, input },
  res,
) => {
  const { limit, cursor } = input
  const after = context.cursors.read('images', cursor)
  const { assets, next } = await searchInTurn(context, caller, client, () =>
    searchAssets({ scope: 'mine', media: ['image'] }, caller, { sort: 'newest', limit, after }),
  )
  const user = await readAccount(session)
  const whole = await Promise.all(assets.map(withImageFile))
  const images = whole.flatMap((asset) => {
    const file = asset && imageFileOf(asset)
    return file ? serializeImage(context, asset, file, user) : []
  })
  res.json(
    success({
      images,
      next: context.cursors.write('images', next),
    }),
  )
}

export const read: Handler = async ({ context, asset, user, session }, res) => {
  const file = imageFileOf(asset)
  if (asset.media !== 'image' || !file || !asset.owner.equals(user._id)) throw notFound()
  res.json(success({ image: serializeImage(context, asset, file, await readAccount(session)) }))
}

/** Returns an asset with its image file, which can be in its file set; null when it was deleted meanwhile. */
async function withImageFile(asset: ListedAsset): Promise<(ListedAsset & Partial<Whole>) | null> {
  if (imageFileOf(asset) || !asset.fileSet) return asset
  const whole = await readWhole(() => Asset.ready(asset._id))
  return whole?.media === 'image' ? whole : null
}

/** Returns the first image file of an asset. There is none if a client corrected the kind of media of other files. */
const imageFileOf = (asset: ListedAsset & Partial<Whole>): AssetFile | undefined =>
  knownFiles(asset).find(({ media }) => media === 'image')

/** Serializes an image like the earlier images service. Its URL is valid for an hour. */
function serializeImage(
  context: Pick<Context, 'urls' | 'clock' | 'config'>,
  asset: ListedAsset,
  file: AssetFile,
  user: UserFields,
) {
  const { width = null, height = null } = asset.cover?.original ?? {}
  return {
    id: asset._id.toString(),
    user_id: asset.owner.toString(),
    data: {
      name: file.name,
      url: signUrl(context, asset, user, { file: file.id }).url,
      fileType: file.mediaType,
      size: file.size,
      width,
      height,
      user: serializePublicUser(user),
    },
  }
}
