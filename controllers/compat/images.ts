import { createAsset } from '../../app/assets/create.ts'
import { signUrl } from '../../app/assets/signed-url.ts'
import { readAccount } from '../../app/auth/sessions.ts'
import type { Context } from '../../app/context.ts'
import { notFound, unsupportedMedia } from '../../app/errors.ts'
import { searchInTurn } from '../../app/search/search.ts'
import { success } from '../../middleware/envelope.ts'
import type { Handler } from '../../middleware/handle.ts'
import { Asset } from '../../models/asset.ts'
import type { ListedAsset } from '../../models/asset-page.ts'
import { searchAssets } from '../../models/asset-search.ts'
import { knownFiles, readWhole, type Whole } from '../../models/file-set.ts'
import type { UserFields } from '../../models/user.ts'
import { serializePublicUser } from '../../models/views/user.ts'
import type * as rules from '../../routes/compat/images.rules.ts'

export const create: Handler = async ({ context, upload, sender, session }, res) => {
  if (!upload.files.every(({ media }) => media === 'image'))
    throw unsupportedMedia('The file must be an image.')
  const asset = await createAsset(context, upload, sender, {})
  const user = await readAccount(session)
  res.status(201).json(success({ image: serializeImage(context, asset, user) }))
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
  const images = await Promise.all(assets.map(withImageFile))
  res.json(
    success({
      images: images.flat().map((asset) => serializeImage(context, asset, user)),
      next: context.cursors.write('images', next),
    }),
  )
}

export const read: Handler = async ({ context, asset, user, session }, res) => {
  if (asset.media !== 'image' || !asset.owner.equals(user._id)) throw notFound()
  res.json(success({ image: serializeImage(context, asset, await readAccount(session)) }))
}

/** Returns an asset with its image file, which can be in its file set; nothing when it was deleted meanwhile. */
async function withImageFile(asset: ListedAsset): Promise<[] | [ListedAsset & Partial<Whole>]> {
  if (asset.files.some(({ media }) => media === 'image')) return [asset]
  const whole = await readWhole(() => Asset.ready(asset._id))
  return whole?.media === 'image' ? [whole] : []
}

/** Serializes an image like the earlier images service. Its URL is valid for an hour. */
function serializeImage(
  context: Pick<Context, 'urls' | 'clock' | 'config'>,
  asset: ListedAsset & Partial<Whole>,
  user: UserFields,
) {
  const file = knownFiles(asset).find(({ media }) => media === 'image')
  if (!file) throw new TypeError('the asset has no image file')
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
