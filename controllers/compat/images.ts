import { createAsset } from '../../app/assets/create.ts'
import { signUrl } from '../../app/assets/signed-url.ts'
import { readAccount } from '../../app/auth/sessions.ts'
import type { Context } from '../../app/context.ts'
import { notFound, unsupportedMedia } from '../../app/errors.ts'
import { searchInTurn } from '../../app/search/search.ts'
import { success } from '../../middleware/envelope.ts'
import type { Handler } from '../../middleware/handle.ts'
import { type ListedAsset, searchAssets } from '../../models/asset-search.ts'
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
    searchAssets({ scope: 'mine', media: 'image', tags: [] }, caller, { sort: 'newest', limit, after }),
  )
  const user = await readAccount(session)
  res.json(
    success({
      images: assets.map((asset) => serializeImage(context, asset, user)),
      next: context.cursors.write('images', next),
    }),
  )
}

export const read: Handler = async ({ context, asset, user, session }, res) => {
  if (asset.media !== 'image' || !asset.owner.equals(user._id)) throw notFound()
  res.json(success({ image: serializeImage(context, asset, await readAccount(session)) }))
}

/** Serializes an image like the earlier images service. Its URL is valid for an hour. */
function serializeImage(context: Pick<Context, 'urls' | 'clock'>, asset: ListedAsset, user: UserFields) {
  const file = asset.files.find(({ media }) => media === 'image')
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
