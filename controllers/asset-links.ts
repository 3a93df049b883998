import { createLink, revokeLink } from '../app/sharing/links.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler } from '../middleware/handle.ts'
import { Link } from '../models/link.ts'
import { serializeLink } from '../models/views/link.ts'
import type * as rules from '../routes/asset-sharing.rules.ts'

export const create: Handler<typeof rules.link> = async ({ context, asset, sender, input, client }, res) => {
  const { link, token } = await createLink(context, asset, sender, input, client)
  res.status(201).json(success({ link: serializeLink(link, token) }))
}

export const list: Handler<typeof rules.links> = async ({ context, asset: { _id }, input }, res) => {
  const query = ['links', _id]
  const from = context.cursors.read(query, input.cursor)
  const { links, next } = await Link.listOf(_id, { limit: input.limit, from })
  res.json(
    success({ links: links.map((link) => serializeLink(link)), next: context.cursors.write(query, next) }),
  )
}

export const revoke: Handler = async ({ req, context, asset, sender }, res) => {
  await revokeLink(context, asset, sender, String(req.params.linkId))
  res.status(204).end()
}
