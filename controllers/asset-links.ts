import { createLink, revokeLink, updateLink } from '../app/sharing/links.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler } from '../middleware/handle.ts'
import { Asset } from '../models/asset.ts'
import { Link } from '../models/link.ts'
import { serializeLink, serializeOwnLink } from '../models/views/link.ts'
import type * as rules from '../routes/asset-sharing.rules.ts'

export const create: Handler<typeof rules.link> = async ({ context, asset, sender, input, client }, res) => {
  const { link, token } = await createLink(context, asset, sender, input, client)
  const url = `${context.config.http.basePath}/api/links/${token}`
  res.status(201).json(success({ link: serializeLink(link, { token, url }) }))
}

export const list: Handler<typeof rules.links> = async ({ context, asset: { _id }, input }, res) => {
  const query = ['links', _id]
  const from = context.cursors.read(query, input.cursor)
  const { links, next } = await Link.listOf({ asset: _id }, { limit: input.limit, from })
  res.json(
    success({ links: links.map((link) => serializeLink(link)), next: context.cursors.write(query, next) }),
  )
}

/** Lists the links of all assets of the caller. A link of an asset that is being deleted is left out. */
export const listOwn: Handler<typeof rules.links> = async ({ context, user, input }, res) => {
  const query = ['own links', user._id]
  const from = context.cursors.read(query, input.cursor)
  const { links, next } = await Link.listOf({ owner: user._id }, { limit: input.limit, from })
  const names = await Asset.namesOf(links.map(({ asset }) => asset))
  const listed = links.flatMap((link) => {
    const name = names.get(link.asset.toString())
    return name === undefined ? [] : [serializeOwnLink(link, name)]
  })
  res.json(success({ links: listed, next: context.cursors.write(query, next) }))
}

export const update: Handler<typeof rules.linkUpdate> = async (
  { req, context, asset, sender, input, client },
  res,
) => {
  const link = await updateLink(context, asset, sender, String(req.params.linkId), input, client)
  res.json(success({ link: serializeLink(link) }))
}

export const revoke: Handler = async ({ req, context, asset, sender }, res) => {
  await revokeLink(context, asset, sender, String(req.params.linkId))
  res.status(204).end()
}
